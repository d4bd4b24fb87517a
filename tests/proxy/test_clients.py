# SPDX-License-Identifier: Apache-2.0
"""A client is who its verified certificate names, and nobody without one."""

import contextlib
import ssl
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate
from mitmproxy.certs import Cert
from mitmproxy.connection import Client
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.tls import TlsData
from OpenSSL import SSL

from sidecar.errors import Misconfigured
from sidecar.proxy import Listener, ProxySettings, ServerTls, Upstream
from sidecar.proxy.clients import names_of
from sidecar.proxy.tls import Tls
from tests.fixtures.authority import DAY, Authority
from tests.proxy.test_tls import Peer

STORE = Upstream("http", "store.test", 80)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


class Door:
    """A listener whose clients shake hands in memory."""

    def __init__(self, authority: Authority, client_ca: Path | None) -> None:
        tls = ServerTls(*authority.issue("proxy.test"), client_ca)
        listener = Listener("127.0.0.1", 0, STORE, tls)
        self._tls = Tls(ProxySettings((listener,)), lambda _: listener)
        self._trusts = authority.ca

    def client(self, authority: Authority | None = None, *names: str, **more: object) -> Peer:
        context = ssl.create_default_context(cafile=self._trusts)
        if authority is not None:
            context.load_cert_chain(*authority.issue(*names, file="client", **more))  # type: ignore[arg-type]
        return Peer(context, "proxy.test")

    def meet(self, peer: Peer) -> frozenset[str]:
        """Whom a client's certificate names to the layers, once it has shaken hands."""
        client = Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), timestamp_start=0)
        data = TlsData(client, Context(client, Options()))
        self._tls.tls_start_client(data)
        assert data.ssl_conn is not None
        peer.meet(data.ssl_conn)
        data.ssl_conn.send(b"hello")
        peer._carry(data.ssl_conn)
        assert peer.tls.read(5) == b"hello"
        self._tls.tls_established_client(data)
        return names_of(client)


def test_every_name_of_a_certificate_has_its_kind(authority: Authority) -> None:
    door = Door(authority, authority.ca)
    found = door.meet(door.client(authority, "spiffe://crm/audit", "Audit.Internal", "127.0.0.1"))
    assert found == {"uri:spiffe://crm/audit", "dns:audit.internal", "cn:subject.invalid"}


def test_a_name_that_looks_like_one_of_another_kind_is_none(authority: Authority) -> None:
    door = Door(authority, authority.ca)
    found = door.meet(door.client(authority, "uri:spiffe", "cn=audit"))
    assert found == {"dns:uri:spiffe", "dns:cn=audit", "cn:subject.invalid"}


def test_a_client_without_a_certificate_is_nobody(authority: Authority) -> None:
    door = Door(authority, authority.ca)
    assert door.meet(door.client()) == frozenset()


def test_a_listener_that_verifies_none_knows_nobody(authority: Authority) -> None:
    door = Door(authority, None)
    assert door.meet(door.client(authority, "spiffe://crm/audit")) == frozenset()


def test_what_mitmproxy_keeps_of_a_chain_is_nobody(authority: Authority) -> None:
    """It takes the first certificate that it can read, whoever holds the key of that one."""
    client = Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), timestamp_start=0)
    pair = authority.issue("spiffe://crm/audit", file="client")
    client.certificate_list = [Cert(load_pem_x509_certificate(pair.cert.read_bytes()))]
    assert names_of(client) == frozenset()


def test_too_many_names_are_nobody(authority: Authority) -> None:
    door = Door(authority, authority.ca)
    names = [f"spiffe://crm/{number}" for number in range(64)]
    assert door.meet(door.client(authority, *names)) == frozenset()


def test_a_certificate_that_does_not_verify_ends_the_handshake(
    authority: Authority, tmp_path: Path
) -> None:
    door = Door(authority, authority.ca)
    stranger = Authority(tmp_path, "stranger")
    for peer in (
        door.client(stranger, "spiffe://crm/audit"),
        door.client(authority, "spiffe://crm/audit", expires=-DAY / 2),
    ):
        with pytest.raises((SSL.Error, ssl.SSLError)):
            door.meet(peer)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_session_brings_back_who_was_here_before(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    door = Door(authority, authority.ca)
    context = ssl.create_default_context(cafile=authority.ca)
    context.load_cert_chain(*authority.issue("spiffe://crm/audit", file="client"))
    context.maximum_version = version
    first, second = Peer(context, "proxy.test"), Peer(context, "proxy.test")
    assert door.meet(first)
    with contextlib.suppress(ValueError):  # there may be none to come back with
        second.tls.session = first.tls.session
    assert door.meet(second)
    assert not second.tls.session_reused


def test_a_file_that_is_no_authority_is_told(authority: Authority, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")
    with pytest.raises(Misconfigured, match=r"bad\.pem"):
        Door(authority, bad)
