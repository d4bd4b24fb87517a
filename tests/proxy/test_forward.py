# SPDX-License-Identifier: Apache-2.0
"""A forward listener: what is intercepted, what passes untouched, what is refused.

Each attack tries to bring `plain` to a host that rules name by calling it something else, or by
speaking something else to it.
"""

import asyncio
import contextlib
import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3

from sidecar.message import RequestHead
from sidecar.proxy import (
    Forward,
    Limits,
    Listener,
    ProxySettings,
    ServerTls,
    Upstream,
    Via,
)
from sidecar.proxy.interception import CaFolder
from sidecar.transform import PASS
from tests.fixtures.authority import Authority
from tests.fixtures.origin import Origin
from tests.proxy.rig import (
    QUICK,
    Client,
    Marking,
    Rig,
    answer,
    serving,
    until,
)

PATIENT = replace(QUICK, idle_seconds=60, header_seconds=60, body_seconds=60, response_seconds=60)
BODY = b"plain"
NOW = dt.datetime.now(dt.UTC)


class Ruled(Marking):
    """Rules name `hosts`; what goes to `/held…` there is held."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = set(hosts)

    def protects(self, authority: str) -> bool:
        return authority in self.hosts

    def claim(self, head: RequestHead) -> object:
        return super().claim(head) if head.authority in self.hosts else PASS


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def secure(authority: Authority) -> AsyncIterator[Origin]:
    """A store in TLS, for two names and an address."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue("localhost", "127.0.0.1"))
    async with Origin(context) as origin:
        origin.answer = answer(b"SEALED")
        yield origin
        assert BODY not in origin.everything


@contextlib.asynccontextmanager
async def forwarding(
    folder: Path, *ruled: str, forward: Forward | None = None, limits: Limits = PATIENT
) -> AsyncIterator[Rig]:
    settings = ProxySettings(
        (Listener("127.0.0.1", 0, forward or Forward()),), limits=limits, ca=folder / "ca"
    )
    CaFolder(folder / "ca").ready([each.rpartition(":")[0] for each in ruled], NOW)
    async with serving(None, Ruled(*ruled), settings=settings) as rig:  # type: ignore[arg-type]
        yield rig


def put(target: str, host: str, *lines: str, body: bytes = BODY) -> bytes:
    head = (f"PUT {target} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}", *lines)
    return "\r\n".join((*head, "", "")).encode() + body


async def connect(rig: Rig, authority: str, *, early: bytes = b"") -> Client:
    """A client behind `CONNECT authority`."""
    client = await rig.client()
    head = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode()
    await client.send(head + early)
    assert await client.reader.readuntil(b"\r\n\r\n") == (
        b"HTTP/1.1 200 Connection established\r\n\r\n"
    )
    return client


async def in_tls(rig: Rig, authority: str, ca: Path, sni: str | None = None) -> Client:
    """A client in TLS behind `CONNECT authority` that trusts `ca` alone."""
    client = await connect(rig, authority)
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    name = sni or authority.rpartition(":")[0].removesuffix(".")
    await client.writer.start_tls(context, server_hostname=name)
    return client


def our_ca(folder: Path) -> Path:
    return folder / "ca" / "cert.pem"


def client_hello(name: str | None) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = name is not None
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


async def is_cut(client: Client) -> bool:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        return await client.rest() == b""
    return True


# What passes.


async def test_a_plain_request_goes_on_in_origin_form(origin: Origin, tmp_path: Path) -> None:
    host = f"127.0.0.1:{origin.port}"
    async with forwarding(tmp_path) as rig:
        client = await rig.client()
        for _ in range(2):
            found = await client.ask(
                put(f"http://{host}/a?b", host, "Proxy-Connection: keep-alive")
            )
            assert found.status == 200
    request = b"PUT /a?b HTTP/1.1\r\nHost: %b\r\nContent-Length: 5\r\n\r\nplain" % host.encode()
    assert origin.received == [request * 2]


async def test_a_tunnel_is_left_alone(tmp_path: Path) -> None:
    """Bytes that are no protocol at all, both ways, and one half closed before the other."""
    received = bytearray()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00greeting")
        while data := await reader.read(65536):
            received.extend(data)
        writer.write(received[::-1])
        writer.close()

    sent = bytes(range(256)) * 1000
    async with forwarding(tmp_path, "crm.test:443") as rig:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = await connect(rig, f"127.0.0.1:{port}", early=b"early ")
        await client.send(sent)
        client.writer.write_eof()
        assert await client.rest() == b"\x00greeting" + (b"early " + sent)[::-1]
        server.close()
    assert rig.host.stats.tunnels == 1


async def test_tls_in_a_tunnel_is_between_client_and_server(
    authority: Authority, secure: Origin, tmp_path: Path
) -> None:
    async with forwarding(tmp_path, "crm.test:443") as rig:
        client = await in_tls(rig, f"localhost:{secure.port}", authority.ca)
        found = await client.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert found.body == b"SEALED"


async def test_one_client_may_ask_for_many_destinations(origin: Origin, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        others = [await stack.enter_async_context(Origin()) for _ in range(10)]
        rig = await stack.enter_async_context(forwarding(tmp_path))
        client = await rig.client()
        for each in (*others, origin, others[0]):
            host = f"127.0.0.1:{each.port}"
            assert (await client.ask(put(f"http://{host}/", host))).body == b"ok"
        await until(lambda: others[1].closed == 1)


# What is intercepted.


async def test_a_plain_request_to_a_ruled_host_is_held(origin: Origin, tmp_path: Path) -> None:
    host = f"127.0.0.1:{origin.port}"
    origin.answer = answer(b"SEALED")
    async with forwarding(tmp_path, host) as rig:
        found = await (await rig.client()).ask(put(f"http://{host}/held", host))
    assert found.body == BODY
    assert origin.complete[0].body == b"SEALED"
    assert origin.complete[0].target == b"/held"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "LOCALHOST", "localhost."])
async def test_tls_to_a_ruled_host_is_intercepted(
    authority: Authority, secure: Origin, tmp_path: Path, name: str
) -> None:
    host = f"{name.lower().removesuffix('.')}:{secure.port}"
    async with forwarding(tmp_path, host, forward=Forward(ca=authority.ca)) as rig:
        client = await in_tls(rig, f"{name}:{secure.port}", our_ca(tmp_path))
        tls = client.writer.get_extra_info("ssl_object")
        assert tls.selected_alpn_protocol() == "http/1.1"
        for _ in range(2):
            found = await client.ask(put("/held", f"{name}:{secure.port}"))
            assert found.body == BODY
    assert [request.body for request in secure.complete] == [b"SEALED"] * 2
    assert not secure.misread


async def test_a_ruled_host_is_verified(secure: Origin, tmp_path: Path) -> None:
    """Its authority is not trusted here, so nothing is sent to it."""
    host = f"localhost:{secure.port}"
    async with forwarding(tmp_path, host) as rig:
        client = await in_tls(rig, host, our_ca(tmp_path))
        assert (await client.ask(put("/held", host))).status == 502
    assert not any(secure.received)


async def test_two_listeners_of_two_modes_and_a_proxy_in_tls(
    authority: Authority, secure: Origin, tmp_path: Path
) -> None:
    """TLS to the proxy, and in it TLS to the host."""
    host = f"localhost:{secure.port}"
    pair = authority.issue("127.0.0.1", file="proxy")
    listeners = (
        Listener("127.0.0.1", 0, Upstream("https", "localhost", secure.port, authority.ca)),
        Listener("127.0.0.1", 0, Forward(ca=authority.ca), ServerTls(*pair)),
    )
    settings = ProxySettings(listeners, limits=PATIENT, ca=tmp_path / "ca")
    CaFolder(tmp_path / "ca").ready(["localhost"], NOW)
    async with serving(secure, Ruled(host), settings=settings) as rig:
        assert (await (await rig.client()).ask(put("/held", "any"))).body == BODY
        proxy = urllib3.ProxyManager(
            f"https://127.0.0.1:{rig.host.addresses[1][1]}",
            proxy_ssl_context=ssl.create_default_context(cafile=authority.ca),
            ca_certs=str(our_ca(tmp_path)),
        )
        found = await asyncio.to_thread(proxy.request, "PUT", f"https://{host}/held", body=BODY)
        proxy.clear()
    assert found.data == BODY
    assert [request.body for request in secure.complete] == [b"SEALED"] * 2


# What is refused.


@pytest.mark.parametrize(
    "spoken",
    [
        put("/held", "localhost:@PORT@"),
        b"\x00\x01plain",
        b"plain",
        b"\x16plain",
        b"\x16\x03\x01\x00\x05plain",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
@pytest.mark.parametrize("early", [True, False])
async def test_a_ruled_host_gets_nothing_but_tls(
    origin: Origin, tmp_path: Path, spoken: bytes, *, early: bool
) -> None:
    host = f"localhost:{origin.port}"
    spoken = spoken.replace(b"@PORT@", b"%d" % origin.port)
    limits = replace(PATIENT, header_seconds=0.3)
    async with forwarding(tmp_path, host, limits=limits) as rig:
        client = await connect(rig, host, early=spoken if early else b"")
        if not early:
            await client.send(spoken)
        assert await is_cut(client)
    assert not origin.received


async def test_a_client_that_says_nothing_in_a_ruled_tunnel_is_cut(tmp_path: Path) -> None:
    limits = replace(PATIENT, header_seconds=0.2)
    async with forwarding(tmp_path, "crm.test:443", limits=limits) as rig:
        assert await is_cut(await connect(rig, "crm.test:443"))
        half = await connect(rig, "crm.test:443", early=b"\x16\x03\x01\x02")
        assert await is_cut(half)


async def test_tls_for_another_host_is_refused(
    authority: Authority, secure: Origin, tmp_path: Path
) -> None:
    host = f"localhost:{secure.port}"
    async with forwarding(tmp_path, host, "127.0.0.1:1") as rig:
        for sni in ("other.test", "127.0.0.1.test", "sub.localhost"):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await in_tls(rig, host, our_ca(tmp_path), sni)
    assert not secure.received


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("/held", "other.test", 421),
        ("/held", "localhost", 421),
        ("/held", "localhost:1", 421),
        ("/held", "127.0.0.1:@PORT@", 421),
        ("https://localhost:@PORT@/held", "localhost:@PORT@", 400),
        ("http://other.test/held", "localhost:@PORT@", 400),
    ],
)
async def test_a_request_in_a_ruled_tunnel_names_its_host(
    secure: Origin, tmp_path: Path, target: str, host: str, status: int
) -> None:
    ruled, port = f"localhost:{secure.port}", str(secure.port)
    async with forwarding(tmp_path, ruled) as rig:
        client = await in_tls(rig, ruled, our_ca(tmp_path))
        asked = put(target.replace("@PORT@", port), host.replace("@PORT@", port))
        assert (await client.ask(asked)).status == status
    assert not secure.received


@pytest.mark.parametrize(
    "asked",
    [
        put("/held", "127.0.0.1:@PORT@"),
        put("http://127.0.0.1:@PORT@/held", "other.test"),
        put("http://other.test/held", "127.0.0.1:@PORT@"),
        put("https://127.0.0.1:@PORT@/held", "127.0.0.1:@PORT@"),
        put("http://user@127.0.0.1:@PORT@/held", "127.0.0.1:@PORT@"),
        put("http://localhost:@PORT@/held", "localhost:@PORT@"),
        b"CONNECT 127.0.0.1:@PORT@ HTTP/1.1\r\nHost: other.test\r\n\r\n",
        b"CONNECT localhost:@PORT@ HTTP/1.1\r\nHost: localhost:@PORT@\r\n\r\n",
        b"CONNECT 127.0.0.1:@PORT@ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nplain",
    ],
)
async def test_no_other_name_leads_to_a_ruled_host(
    origin: Origin, tmp_path: Path, asked: bytes
) -> None:
    async with forwarding(tmp_path, f"127.0.0.1:{origin.port}") as rig:
        found = await (await rig.client()).ask(asked.replace(b"@PORT@", b"%d" % origin.port))
    assert found.status in {400, 403, 421}
    assert not any(origin.received)


@pytest.mark.parametrize("spelling", ["0x7f000001", "2130706433", "127.1", "[::ffff:127.0.0.1]"])
async def test_an_address_in_another_spelling_is_ruled_too(
    origin: Origin, tmp_path: Path, spelling: str
) -> None:
    host = f"{spelling}:{origin.port}"
    origin.answer = answer(b"SEALED")
    async with forwarding(tmp_path, f"127.0.0.1:{origin.port}") as rig:
        assert (await (await rig.client()).ask(put(f"http://{host}/held", host))).body == BODY
        assert await is_cut(await connect(rig, host, early=b"plain"))
    assert BODY not in origin.everything


async def test_what_looks_like_another_name_of_a_ruled_host_is_refused(tmp_path: Path) -> None:
    async with forwarding(tmp_path, "crm.prod.svc:80") as rig:
        for name in ("crm", "crm.prod.svc.cluster.local"):
            found = await (await rig.client()).ask(put(f"http://{name}/held", name))
            assert (found.status, found.body) == (403, b"not_forwarded")


async def test_only_what_is_allowed_is_reached(origin: Origin, tmp_path: Path) -> None:
    host = f"127.0.0.1:{origin.port}"
    async with forwarding(tmp_path, forward=Forward(("*.test:1", host))) as rig:
        client = await rig.client()
        assert (await client.ask(put(f"http://{host}/", host))).status == 200
        found = await client.ask(put("http://crm.test:2/", "crm.test:2"))
        assert (found.status, found.body) == (403, b"not_forwarded")


@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
async def test_no_request_comes_back_to_the_proxy(tmp_path: Path, bound: str) -> None:
    settings = ProxySettings((Listener(bound, 0, Forward()),), limits=PATIENT, ca=tmp_path / "ca")
    async with serving(None, Ruled("crm.test:1"), settings=settings) as rig:  # type: ignore[arg-type]
        for name in ("localhost", "127.0.0.1"):
            host = f"{name}:{rig.host.addresses[0][1]}"
            assert (await (await rig.client()).ask(put(f"http://{host}/", host))).status == 403
            client = await rig.client()
            found = await client.ask(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert found.status == 403
        assert rig.host.stats.connections == 8


@pytest.mark.parametrize("step", [1, 100, 5000])
async def test_tls_for_a_ruled_host_goes_nowhere_else(
    secure: Origin, tmp_path: Path, step: int
) -> None:
    """A client that was told an address to reach the host by, as `curl --connect-to` does."""
    async with forwarding(tmp_path, f"crm.test:{secure.port}") as rig:
        client = await connect(rig, f"127.0.0.1:{secure.port}")
        hello = client_hello("CRM.test")
        with contextlib.suppress(ConnectionError):
            for at in range(0, len(hello), step):
                await client.send(hello[at : at + step])
        assert await is_cut(client)
    assert not any(secure.received)


@pytest.mark.parametrize("step", [1, 5000])
async def test_http_for_a_ruled_host_goes_nowhere_else(
    origin: Origin, tmp_path: Path, step: int
) -> None:
    async with forwarding(tmp_path, f"crm.test:{origin.port}") as rig:
        client = await connect(rig, f"localhost:{origin.port}")
        request = put("/held", f"CRM.test:{origin.port}")
        with contextlib.suppress(ConnectionError):
            for at in range(0, len(request), step):
                await client.send(request[at : at + step])
        assert await is_cut(client)
    assert not any(origin.received)


@pytest.mark.parametrize(
    "first",
    [
        client_hello(None),
        client_hello("crm.test"),
        put("/held", "127.0.0.1"),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00\x00\x00\x08\x04\xd2\x16/",
    ],
)
async def test_an_address_does_not_lead_to_a_ruled_host_that_is_not_named(
    origin: Origin, tmp_path: Path, first: bytes
) -> None:
    """A store that was configured by its address would get plain values, and nobody would know."""
    async with forwarding(tmp_path, f"crm.test:{origin.port}") as rig:
        client = await connect(rig, f"127.0.0.1:{origin.port}")
        with contextlib.suppress(ConnectionError):
            await client.send(first)
        assert await is_cut(client)
        client = await rig.client()
        url = f"http://127.0.0.1:{origin.port}/held"
        refused = await client.ask(put(url, f"127.0.0.1:{origin.port}"))
        assert (refused.status, refused.body) == (403, b"not_forwarded")
    assert not any(origin.received)


async def test_an_address_leads_to_hosts_that_no_rule_names(origin: Origin, tmp_path: Path) -> None:
    """They are named in TLS, have another port, or are allowed by their address itself."""
    host = f"127.0.0.1:{origin.port}"
    async with forwarding(tmp_path, f"crm.test:{origin.port}") as rig:
        hello = client_hello("other.test")
        await connect(rig, host, early=hello)
        await until(lambda: any(each == hello for each in origin.received))
    for ruled, forward in (
        ("crm.test:1", Forward()),
        (f"crm.test:{origin.port}", Forward(allow=(host, "*:443"))),
    ):
        async with forwarding(tmp_path, ruled, forward=forward) as rig:
            client = await rig.client()
            assert (await client.ask(put(f"http://{host}/", host))).status == 200
            client = await connect(rig, host)
            await client.send(put("/", host))
            assert (await client.answer()).status == 200


@pytest.mark.parametrize("first", [b"\x16\x03\x01\x00\x00", b"\x16 no TLS", b"\x00", b"\x16" * 9])
async def test_what_only_begins_like_tls_passes_untouched(
    origin: Origin, tmp_path: Path, first: bytes
) -> None:
    async with forwarding(tmp_path, "crm.test:443") as rig:
        client = await connect(rig, f"127.0.0.1:{origin.port}", early=first)
        await until(lambda: bool(origin.received) and origin.received[0] == first)
        client.close()


async def test_a_first_message_in_tls_without_an_end_is_cut(origin: Origin, tmp_path: Path) -> None:
    async with forwarding(tmp_path, "crm.test:443") as rig:
        client = await connect(rig, f"127.0.0.1:{origin.port}")
        record = b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + bytes(16380)
        with contextlib.suppress(ConnectionError):
            await client.send(record * 5)
        assert await is_cut(client)
    assert not any(origin.received)


async def test_a_tunnel_to_a_host_that_rules_come_to_name_is_cut(
    origin: Origin, tmp_path: Path
) -> None:
    host = f"127.0.0.1:{origin.port}"
    async with forwarding(tmp_path, "crm.test:443") as rig:
        client = await connect(rig, host)
        await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await client.answer()).status == 200
        rig.host.put_in_force(rig.host.prepare(Ruled(host)))  # type: ignore[arg-type]
        await client.send(put("/held", "a"))
        assert await is_cut(client)
    assert BODY not in origin.everything


async def test_a_destination_that_is_not_there_is_a_502(tmp_path: Path) -> None:
    async with Origin() as origin:
        host = f"127.0.0.1:{origin.port}"
    async with forwarding(tmp_path) as rig:
        head = f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        assert (await (await rig.client()).ask(head)).status == 502


# Another proxy on the way.


async def test_a_plain_request_goes_to_the_next_proxy_with_its_whole_url(
    origin: Origin, tmp_path: Path
) -> None:
    forward = Forward(via=Via("127.0.0.1", origin.port, b"Basic c2VjcmV0"))
    origin.answer = answer(b"SEALED")
    async with forwarding(tmp_path, "crm.test:80", forward=forward) as rig:
        client = await rig.client()
        for host, body in (("crm.test", BODY), ("other.test:8080", b"SEALED")):
            found = await client.ask(put(f"http://{host}/held?a", host, body=b"plain"))
            assert found.body == body
    ruled, other = origin.complete
    assert (ruled.target, ruled.body) == (b"http://crm.test:80/held?a", b"SEALED")
    assert (other.target, other.body) == (b"http://other.test:8080/held?a", BODY)
    assert {each.values(b"proxy-authorization")[0] for each in origin.complete} == {
        b"Basic c2VjcmV0"
    }
    assert not origin.misread


async def test_tls_and_tunnels_go_through_the_next_proxy_by_connect(
    authority: Authority, secure: Origin, tmp_path: Path
) -> None:
    host = f"localhost:{secure.port}"
    async with forwarding(tmp_path / "next") as following:
        via = Via("127.0.0.1", following.host.addresses[0][1])
        address = f"127.0.0.1:{secure.port}"
        forward = Forward(allow=(host, address), ca=authority.ca, via=via)
        async with forwarding(tmp_path, host, forward=forward) as rig:
            client = await in_tls(rig, host, our_ca(tmp_path))
            assert (await client.ask(put("/held", host))).body == BODY
            untouched = await in_tls(rig, address, authority.ca)
            assert (await untouched.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")).body == b"SEALED"
        assert following.host.stats.tunnels == 2


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200\nOK\r\n\r\n",
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
    ],
)
async def test_a_next_proxy_that_refuses_is_a_502(tmp_path: Path, said: bytes) -> None:
    asked = bytearray()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.extend(await reader.readuntil(b"\r\n\r\n"))
        writer.write(said)
        await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    via = Via("127.0.0.1", server.sockets[0].getsockname()[1], b"Basic c2VjcmV0")
    async with forwarding(tmp_path, "crm.test:443", forward=Forward(via=via)) as rig:
        client = await rig.client()
        found = await client.ask(b"CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1\r\n\r\n")
        assert found.status == 502
        ruled = await in_tls(rig, "crm.test:443", our_ca(tmp_path))
        assert (await ruled.ask(put("/held", "crm.test"))).status == 502
    server.close()
    assert asked.startswith(
        b"CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1\r\nProxy-Authorization: Basic c2VjcmV0\r\n"
    )


async def test_the_log_names_the_next_proxy_where_it_is_the_one_that_is_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    forward = Forward(via=Via("127.0.0.1", port))
    async with forwarding(tmp_path, "crm.test:80", forward=forward) as rig:
        found = await (await rig.client()).ask(put("http://crm.test/held", "crm.test"))
    assert found.status == 502
    assert f"crm.test:80 by way of the proxy 127.0.0.1:{port} cannot be reached" in caplog.text


async def test_calls_to_the_kms_are_forwarded_from_here_too(
    authority: Authority, origin: Origin, tmp_path: Path
) -> None:
    """Plain and in TLS, to a name that the KMS is called by and that nobody has."""
    settings = ProxySettings(
        (Listener("127.0.0.1", 0, Forward(allow=("nothing.test:1",))),),
        Upstream("http", "127.0.0.1", origin.port),
        limits=PATIENT,
        ca=tmp_path / "ca",
    )
    name = "kms.cn-hangzhou.aliyuncs.com"
    CaFolder(tmp_path / "ca").ready([name], NOW)
    async with serving(origin, Ruled("crm.test:1"), settings=settings) as rig:
        client = await rig.client()
        assert (await client.ask(put(f"http://{name}/?Action=Encrypt", name))).body == b"ok"
        inside = await in_tls(rig, f"{name}:443", our_ca(tmp_path))
        assert (await inside.ask(put("/?Action=Decrypt", name))).body == b"ok"
        assert rig.host.stats.requests_kms == 2
    assert [each.target for each in origin.complete] == [b"/?Action=Encrypt", b"/?Action=Decrypt"]


async def test_a_drain_ends_what_rests_and_lets_go_of_tunnels(
    authority: Authority, secure: Origin, tmp_path: Path
) -> None:
    host = f"localhost:{secure.port}"
    limits = replace(PATIENT, drain_seconds=0.2)
    forward = Forward(ca=authority.ca)
    async with forwarding(tmp_path, host, forward=forward, limits=limits) as rig:
        inside = await in_tls(rig, host, our_ca(tmp_path))
        assert (await inside.ask(put("/held", host))).body == BODY
        waiting = await connect(rig, host)
        tunnel = await connect(rig, f"127.0.0.1:{secure.port}")
        await rig.host.drain()
        for client in (inside, waiting, tunnel):
            assert await is_cut(client)
