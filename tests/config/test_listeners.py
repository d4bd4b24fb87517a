# SPDX-License-Identifier: Apache-2.0
"""Listeners and the upstreams behind them."""

from pathlib import Path

import pytest

from sidecar.proxy import Listener, ServerTls, Upstream
from tests.config.documents import LEAST


def test_everything_that_it_may_say_of_a_listener(load, tmp_path: Path) -> None:
    config = load(
        "listeners:\n"
        "  - listen: '[::1]:8443'\n"
        "    tls: {cert: cert.pem, key: key.pem}\n"
        "    upstream: https://CRM.test/\n"
        "    upstream_tls: {ca: ca.pem, cert: cert.pem, key: key.pem}\n"
        "    host_header: upstream\n"
        "  - {listen: '0.0.0.0:80', upstream: kms}\n"
        "rules: rules\n"
    )
    ca, cert, key = (tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem"))
    assert config.listeners == (
        Listener(
            "::1",
            8443,
            Upstream("https", "crm.test", 443, ca, cert, key),
            ServerTls(cert, key),
            "upstream",
        ),
        Listener("0.0.0.0", 80, Upstream("kms")),
    )


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://CRM.Test", "crm.test:80"),
        ("https://crm.test:8443/", "crm.test:8443"),
        ("http://[0:0::1]", "[::1]:80"),
        ("https://[::1]:9200", "[::1]:9200"),
        ("http://127.0.0.1:1", "127.0.0.1:1"),
    ],
)
def test_an_upstream_is_spelt_as_rules_spell_it(load, url: str, authority: str) -> None:
    """Else a rule that names the store would not be found for its requests."""
    (listener,) = load(LEAST.replace("http://crm.test:8080", url)).listeners
    assert listener.upstream.authority == authority
