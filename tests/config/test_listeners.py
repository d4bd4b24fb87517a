# SPDX-License-Identifier: Apache-2.0
"""Listeners and the upstreams behind them."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.proxy import Forward, Listener, ServerTls, Upstream, Via
from tests.config.documents import LEAST


def test_everything_that_it_may_say_of_a_listener(load, tmp_path: Path) -> None:
    config = load(
        "listeners:\n"
        "  - listen: '[::1]:8443'\n"
        "    tls: {cert: cert.pem, key: key.pem, client_ca: ca.pem}\n"
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
            ServerTls(cert, key, ca),
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


FORWARD = "listeners: [{{listen: '127.0.0.1:3128', mode: forward{}}}]\nrules: rules.yaml\n"


def test_a_forward_listener_and_everything_that_it_may_say(load, tmp_path: Path) -> None:
    more = (
        ", via: 'http://proxy.test:3128', via_credentials: proxy.txt"
        ", allow: ['*.Internal:443', 'a.*.test:80']"
        ", upstream_tls: {ca: ca.pem, cert: cert.pem, key: key.pem}"
        ", tls: {cert: cert.pem, key: key.pem}"
    )
    ca, cert, key = (tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem"))
    (tmp_path / "proxy.txt").touch(mode=0o600)
    (tmp_path / "proxy.txt").write_text("user:pass:word\n")
    via = Via("proxy.test", 3128, b"Basic dXNlcjpwYXNzOndvcmQ=")
    assert "dXNl" not in repr(via)
    forward = Forward(("*.internal:443", "a.*.test:80"), ca, cert, key, via)
    plain, whole = (load(FORWARD.format(each)).listeners[0] for each in ("", more))
    assert plain == Listener("127.0.0.1", 3128, Forward())
    assert whole == Listener("127.0.0.1", 3128, forward, ServerTls(cert, key))
    assert forward.upstream("http", "a", 80) == Upstream("http", "a", 80, via=via)
    assert forward.upstream("https", "a", 443) == Upstream("https", "a", 443, ca, cert, key, via)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (", upstream: 'http://a.test'", "a forward listener has no `upstream`"),
        (", host_header: keep", "'host_header'"),
        (", allow: ['a.test']", "'a.test' has no port"),
        (", allow: ['http://a:1']", "without a scheme"),
        (", allow: ['*:*']", "the port is a number"),
        (", via: 'https://proxy:1'", "spoken to in plain HTTP: http://HOST:PORT"),
        (", via: 'proxy:1'", "expected http://HOST:PORT"),
        (", via_credentials: ca.pem", "belongs to `via`"),
        (", via: 'http://a:1', via_credentials: ca.pem", "open to others; run: chmod 600"),
        (", upstream_tls: {cert: cert.pem}", "come together"),
    ],
)
def test_what_a_forward_listener_may_not_say(load, more: str, complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint) as caught:
        load(FORWARD.format(more))
    assert "sidecar.yaml:1:" in caught.value.why


def test_there_is_one_mode_that_has_a_name(load) -> None:
    with pytest.raises(Misconfigured, match="forward"):
        load(FORWARD.format("").replace("mode: forward", "mode: regular"))


@pytest.mark.parametrize("content", [b"", b"no-colon", b"user:two\nlines", b"user:\x00"])
def test_credentials_for_a_proxy_are_one_line(load, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "proxy.txt").touch(mode=0o600)
    (tmp_path / "proxy.txt").write_bytes(content)
    with pytest.raises(Misconfigured, match="one line `user:password`"):
        load(FORWARD.format(", via: 'http://a:1', via_credentials: proxy.txt"))
