# SPDX-License-Identifier: Apache-2.0
"""Both legs of TLS, each against the standard library's own TLS in memory, and every bad file."""

import contextlib
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from mitmproxy.connection import Client, Server
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.tls import TlsData
from OpenSSL import SSL

from sidecar.errors import Misconfigured
from sidecar.proxy import Listener, ProxySettings, ServerTls, Upstream, tls
from sidecar.proxy.destination import Destination
from tests.fixtures.authority import DAY, Authority, Pair

STORE = Upstream("http", "store.test", 80)


class Peer:
    """The other end: the standard library's TLS, joined to one of our connections in memory."""

    def __init__(self, context: ssl.SSLContext, server_hostname: str | None = None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=server_hostname is None,
            server_hostname=server_hostname,
        )

    def meet(self, ours: SSL.Connection) -> None:
        """Shake hands; whatever either end complains of is raised."""
        waiting = {"ours", "theirs"}
        while waiting:
            with contextlib.suppress(SSL.WantReadError):
                ours.do_handshake()
                waiting.discard("ours")
            self._carry(ours)
            with contextlib.suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
                waiting.discard("theirs")
            self._carry(ours)

    def _carry(self, ours: SSL.Connection) -> None:
        with contextlib.suppress(SSL.WantReadError):
            self._incoming.write(ours.bio_read(65536))
        if data := self._outgoing.read():
            ours.bio_write(data)


def server(pair: Pair) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*pair)
    return context


def client(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.ca)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def stranger(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "stranger")


def outward(upstream: Upstream) -> SSL.Connection:
    """What mitmproxy's hook gets for a connection to `upstream`."""
    settings = ProxySettings((Listener("127.0.0.1", 0, upstream),))
    addon = tls.Tls(settings, lambda _: settings.listeners[0])
    data = _data(Destination.of(upstream))
    addon.tls_start_server(data)
    assert data.ssl_conn is not None
    return data.ssl_conn


def inward(pair: Pair) -> SSL.Connection:
    """What mitmproxy's hook gets for a client of a listener with `pair`."""
    listener = Listener("127.0.0.1", 0, STORE, ServerTls(*pair))
    data = _data(_client())
    tls.Tls(ProxySettings((listener,)), lambda _: listener).tls_start_client(data)
    assert data.ssl_conn is not None
    return data.ssl_conn


def _client() -> Client:
    return Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), timestamp_start=0)


def _data(connection: Client | Server) -> TlsData:
    return TlsData(connection, Context(_client(), Options()))


@pytest.mark.parametrize("name", ["store.test", "127.0.0.1", "::1"])
def test_an_upstream_of_the_right_name_is_reached(authority: Authority, name: str) -> None:
    ours = outward(Upstream("https", name, 443, authority.ca))
    Peer(server(authority.issue(name))).meet(ours)
    assert ours.get_protocol_version_name() == "TLSv1.3"


def test_a_wildcard_stands_for_one_whole_label(authority: Authority) -> None:
    pair = authority.issue("*.store.test", file="wildcard")
    Peer(server(pair)).meet(outward(Upstream("https", "a.store.test", 443, authority.ca)))
    for name in ("a.b.store.test", "store.test"):
        with pytest.raises(SSL.Error, match="verify failed"):
            Peer(server(pair)).meet(outward(Upstream("https", name, 443, authority.ca)))


@pytest.mark.parametrize(
    ("reached", "shown"),
    [
        ("store.test", "other.test"),
        ("subject.invalid", "store.test"),
        ("store.test", "st*.test"),
        ("127.0.0.1", "127.0.0.2"),
        ("127.0.0.1", "localhost"),
    ],
    ids=["other name", "only its subject", "partial wildcard", "other address", "name of it"],
)
def test_an_upstream_of_another_name_is_not(authority: Authority, reached: str, shown: str) -> None:
    ours = outward(Upstream("https", reached, 443, authority.ca))
    with pytest.raises(SSL.Error, match="verify failed"):
        Peer(server(authority.issue(shown, file="shown"))).meet(ours)


def test_an_upstream_of_another_authority_is_not(authority: Authority, stranger: Authority) -> None:
    for trusted in (stranger.ca, None):
        ours = outward(Upstream("https", "store.test", 443, trusted))
        with pytest.raises(SSL.Error, match="verify failed"):
            Peer(server(authority.issue("store.test"))).meet(ours)


def test_an_upstream_whose_certificate_expired_is_not(authority: Authority) -> None:
    ours = outward(Upstream("https", "store.test", 443, authority.ca))
    with pytest.raises(SSL.Error, match="verify failed"):
        Peer(server(authority.issue("store.test", expires=-DAY))).meet(ours)


def test_an_upstream_that_vouches_for_itself_is_not(
    authority: Authority, stranger: Authority
) -> None:
    """Its certificate is in force and of the right name, and it sends its authority along."""
    pair = stranger.issue("store.test")
    pair.cert.write_bytes(pair.cert.read_bytes() + stranger.ca.read_bytes())
    ours = outward(Upstream("https", "store.test", 443, authority.ca))
    with pytest.raises(SSL.Error, match="verify failed"):
        Peer(server(pair)).meet(ours)


def test_an_upstream_that_speaks_less_than_tls_1_2_is_not(authority: Authority) -> None:
    old = server(authority.issue("store.test"))
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((SSL.Error, ssl.SSLError)):
        Peer(old).meet(outward(Upstream("https", "store.test", 443, authority.ca)))


def test_an_upstream_gets_the_client_certificate_that_it_asks_for(authority: Authority) -> None:
    store = server(authority.issue("store.test"))
    store.load_verify_locations(authority.ca)
    store.verify_mode = ssl.CERT_REQUIRED
    ours = authority.issue("sidecar.test")
    peer = Peer(store)
    peer.meet(outward(Upstream("https", "store.test", 443, authority.ca, *ours)))
    assert peer.tls.getpeercert()["subjectAltName"] == (("DNS", "sidecar.test"),)
    with pytest.raises(ssl.SSLError, match="did not return a certificate"):
        Peer(store).meet(outward(Upstream("https", "store.test", 443, authority.ca)))


def test_a_server_that_nobody_configured_gets_no_context() -> None:
    settings = ProxySettings((Listener("127.0.0.1", 0, STORE),))
    data = _data(Server(address=("elsewhere.test", 443)))
    tls.Tls(settings, lambda _: settings.listeners[0]).tls_start_server(data)
    assert data.ssl_conn is None


def test_clients_see_the_whole_chain_and_speak_http_1_1(authority: Authority) -> None:
    context = client(authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    peer = Peer(context, "proxy.test")
    peer.meet(inward(authority.issue("proxy.test")))
    assert peer.tls.selected_alpn_protocol() == "http/1.1"
    assert peer.tls.version() == "TLSv1.3"


def test_clients_with_less_than_tls_1_2_are_turned_away(authority: Authority) -> None:
    context = client(authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((SSL.Error, ssl.SSLError)):
        Peer(context, "proxy.test").meet(inward(authority.issue("proxy.test")))


def test_session_keys_are_written_nowhere(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "session-keys"))
    ours = outward(Upstream("https", "store.test", 443, authority.ca))
    store = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    store.load_cert_chain(*authority.issue("store.test"))
    Peer(store).meet(ours)
    assert not (tmp_path / "session-keys").exists()


def _locked(pair: Pair) -> None:
    key = load_pem_private_key(pair.key.read_bytes(), None)
    lock = BestAvailableEncryption(b"secret")
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda pair: pair.cert.unlink(), "cert.pem: cannot be read"),
        (lambda pair: pair.cert.write_bytes(b"nothing"), "cert.pem: no certificates in PEM"),
        (lambda pair: pair.key.unlink(), "key.pem: cannot be read"),
        (lambda pair: pair.key.write_bytes(b"nothing"), "key.pem: no private key in PEM"),
        (lambda pair: pair.key.chmod(0o604), "key.pem: is open to others; run: chmod 600"),
        (_locked, "key.pem: the key is locked by a passphrase"),
    ],
)
def test_a_bad_file_is_told_at_start(authority: Authority, spoil, why: str) -> None:
    pair = authority.issue("proxy.test")
    spoil(pair)
    for start in (inward, lambda files: outward(Upstream("https", "a", 1, authority.ca, *files))):
        with pytest.raises(Misconfigured, match=why):
            start(pair)


def test_a_certificate_that_cannot_serve_is_told_at_start(authority: Authority) -> None:
    one, other = authority.issue("one.test"), authority.issue("other.test")
    with pytest.raises(Misconfigured, match=r"other.test.key.pem: not the key of the first"):
        inward(Pair(one.cert, other.key))
    with pytest.raises(Misconfigured, match="expired on"):
        inward(authority.issue("late.test", expires=-DAY))


def test_a_bad_authority_is_told_at_start(tmp_path: Path) -> None:
    for ca, why in ((tmp_path / "absent", "cannot be read"), (Path(__file__), "no certificates")):
        with pytest.raises(Misconfigured, match=why):
            outward(Upstream("https", "store.test", 443, ca))
