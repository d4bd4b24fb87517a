# SPDX-License-Identifier: Apache-2.0
"""Settings are valid from birth, or are not born."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.proxy import Listener, ProxySettings, Upstream

STORE = Upstream("https", "Store.Test", 9200)
FILE = Path("file.pem")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Upstream("http"), "needs a host and a port"),
        (lambda: Upstream("http", "store", 0), "needs a host and a port"),
        (lambda: Upstream("http", "store", 65536), "needs a host and a port"),
        (lambda: Upstream("http", "store", 80, ca=FILE), "takes no certificates"),
        (lambda: Upstream("https", "store", 443, client_cert=FILE), "come together"),
        (lambda: Upstream("kms", "kms.test", 443), "takes no host"),
        (lambda: ProxySettings(()), "no listener"),
        (lambda: ProxySettings((Listener("::", 0, Upstream("kms")),)), "no KMS is configured"),
        (
            lambda: ProxySettings((Listener("::", 0, STORE),), kms=Upstream("kms")),
            "by `http` or `https`",
        ),
    ],
)
def test_what_does_not_fit_together_is_told(make: Callable[[], object], why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        make()


def test_an_authority_is_what_rules_name() -> None:
    assert STORE.authority == "store.test:9200"
    assert Upstream("http", "::1", 80).authority == "[::1]:80"
