# SPDX-License-Identifier: Apache-2.0
"""The addon in a stock mitmdump: what the store received, whatever a client or an operator does.

Each attack is one that lets plaintext pass with mitmproxy's own means.
"""

import asyncio
import contextlib
import json
import shutil
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

import sidecar.addon
from tests.cli.installed import write
from tests.fixtures.kms import RunningKms
from tests.fixtures.origin import Origin, Received
from tests.proxy.flows.mitmdump import Mitmdump

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = "CANARY-7c4a8d09"
JSON = {"Content-Type": "application/json"}
BODY = json.dumps({"id": "1", "ssn": CANARY}).encode()


WATCHED = """\
  - {name: watched, store: crm, routes: ["/watched"], cmk: alias/addon, phase: monitor,
     fields: {ssn: sealed}}
"""
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: enc:1:\n\n"


class Store(Origin):
    """Keeps the last body that it was given, and gives it back."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = b"{}"
        self.answer = self._keep

    async def _keep(self, request: Received, writer: asyncio.StreamWriter) -> None:
        if request.method != b"GET":
            self.kept = request.body
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(self.kept) + self.kept)

    def forget(self) -> None:
        self.answer = self._keep
        self.requests.clear()
        self.received.clear()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def origin() -> AsyncIterator[Store]:
    async with Store() as store:
        yield store


@pytest_asyncio.fixture(loop_scope="module")
async def store(origin: Store) -> AsyncIterator[Store]:
    origin.forget()
    yield origin
    assert CANARY.encode() not in origin.everything


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, kms: RunningKms, origin: Store) -> Path:
    kms.make_key("alias/addon")
    place = tmp_path_factory.mktemp("addon")
    where = f"{{endpoint: '{kms.endpoint}', credentials_file: '{kms.credentials_file}'}}"
    limits = "limits: {held_body: 64KiB, keys: 2s}\n"
    write(place, f"127.0.0.1:{origin.port}", "alias/addon", where, limits)
    with (place / "rules.yaml").open("a") as rules:
        rules.write(WATCHED)
    return place


@pytest.fixture(scope="module")
def regular(folder: Path) -> Iterator[Mitmdump]:
    with Mitmdump(folder) as running:
        yield running


@contextlib.asynccontextmanager
async def through(proxy: Mitmdump, store: Store) -> AsyncIterator[httpx.AsyncClient]:
    url = f"http://127.0.0.1:{proxy.port}"
    async with httpx.AsyncClient(
        proxy=url, base_url=f"http://127.0.0.1:{store.port}", timeout=30
    ) as client:
        yield client


async def say(proxy: Mitmdump, data: bytes) -> bytes:
    """What the proxy says to `data` until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read(-1), 20)
    finally:
        writer.transport.abort()


def put(target: str, host: str, body: bytes = BODY, *lines: str) -> bytes:
    head = (f"PUT {target} HTTP/1.1", f"Host: {host}", "Connection: close", *lines)
    length = () if any("chunked" in line for line in lines) else (f"Content-Length: {len(body)}",)
    return "\r\n".join((*head, *length, "", "")).encode() + body


async def test_a_regular_proxy_seals_and_opens(regular: Mitmdump, store: Store) -> None:
    async with through(regular, store) as client:
        written = await client.put("/customers/1", content=BODY, headers=JSON)
        assert b"enc:1:" in store.kept
        assert written.json() == json.loads(BODY)
        assert (await client.get("/customers/1")).json() == json.loads(BODY)
        assert (await client.get("/elsewhere")).content == store.kept


class Http2Context(ssl.SSLContext):
    """Offers HTTP/2 alone; httpx would put HTTP/1.1 before it, and mitmproxy goes by the order."""

    def set_alpn_protocols(self, _: object) -> None:
        super().set_alpn_protocols(["h2"])


async def test_http_2_to_a_reverse_proxy(folder: Path, store: Store) -> None:
    mode = f"reverse:http://127.0.0.1:{store.port}"
    with Mitmdump(folder, "--mode", mode) as proxy:
        url = f"https://127.0.0.1:{proxy.port}"
        context = Http2Context(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(proxy.ca)
        async with httpx.AsyncClient(base_url=url, http2=True, verify=context) as client:
            written = await client.put("/customers/1", content=BODY, headers=JSON)
            assert written.http_version == "HTTP/2"
            assert written.json() == json.loads(BODY)
            assert b"enc:1:" in store.kept
            refused = await client.put("/customers/1", content=b"{", headers=JSON)
            assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
            many = [client.put("/customers/1", content=BODY, headers=JSON) for _ in range(20)]
            assert {each.status_code for each in await asyncio.gather(*many)} == {200}


async def test_chunks_become_one_message(regular: Mitmdump, store: Store) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield BODY[:20]
        yield BODY[20:]

    async with through(regular, store) as client:
        assert (await client.put("/customers/1", content=pieces(), headers=JSON)).is_success
    assert store.complete[0].values(b"content-length") == [b"%d" % len(store.kept)]


async def test_trailers_carry_nothing_past_the_rules(folder: Path, store: Store) -> None:
    """mitmproxy cannot read them and crashes, with the client waiting: the store sees nothing."""
    host = f"127.0.0.1:{store.port}"
    body = b"%x\r\n%b\r\n0\r\nX-Copy: %b\r\n\r\n" % (len(BODY), BODY, BODY)
    data = put(f"http://{host}/customers/1", host, body, "Transfer-Encoding: chunked")
    with Mitmdump(folder) as proxy:
        _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(data)
        await asyncio.to_thread(proxy.wait_for, "mitmproxy has crashed")
        writer.transport.abort()
    assert not store.received


async def test_a_body_that_is_too_long_is_refused(regular: Mitmdump, store: Store) -> None:
    async with through(regular, store) as client:
        answered = await client.put("/customers/1", content=b" " * 70_000, headers=JSON)
    assert answered.status_code == 413
    assert not store.received


async def test_nothing_but_http_goes_through_connect(regular: Mitmdump, store: Store) -> None:
    """`rawtcp` is on, so mitmproxy would pass these bytes on."""
    connect = b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n" % store.port
    answered = await say(regular, connect + b"\x00\x01\x02" + BODY)
    assert answered.count(b"\r\n\r\n") == 1
    assert CANARY.encode() not in store.everything


async def test_http_through_connect_is_sealed(regular: Mitmdump, store: Store) -> None:
    host = f"127.0.0.1:{store.port}"
    asked = put("/customers/1", host, BODY, "Content-Type: application/json")
    answered = await say(regular, f"CONNECT {host} HTTP/1.1\r\n\r\n".encode() + asked)
    assert CANARY.encode() in answered
    assert b"enc:1:" in store.kept


async def test_a_switch_of_protocols_is_refused(regular: Mitmdump, store: Store) -> None:
    """`Upgrade` answered by 101 would make a raw tunnel."""
    store.answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\n"
    )
    async with through(regular, store) as client:
        offer = {"Upgrade": "raw", "Connection": "upgrade"}
        answered = await client.get("/elsewhere", headers=offer)
    assert answered.status_code == 502
    assert not store.complete[0].values(b"upgrade")


WEBSOCKET = {"Upgrade": "WebSocket", "Connection": "upgrade", "Sec-WebSocket-Version": "13"}


def agree_to(protocol: str) -> bytes:
    """The store changes to `protocol` and says hello in it, as an unmasked WebSocket text."""
    head = f"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n\r\n"
    return head.encode() + b"\x81\x05hello"


async def test_a_websocket_passes_where_no_rule_holds(regular: Mitmdump, store: Store) -> None:
    store.answer = agree_to("websocket")
    host = f"127.0.0.1:{store.port}"
    lines = "".join(f"{name}: {value}\r\n" for name, value in WEBSOCKET.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", regular.port)
    writer.write(f"GET http://{host}/elsewhere HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode())
    answered = await asyncio.wait_for(reader.readuntil(b"hello"), 20)
    writer.transport.abort()
    assert answered.startswith(b"HTTP/1.1 101 ")


async def test_a_websocket_is_no_pretext_for_another_protocol(
    regular: Mitmdump, store: Store
) -> None:
    store.answer = agree_to("raw")
    async with through(regular, store) as client:
        assert (await client.get("/elsewhere", headers=WEBSOCKET)).status_code == 502


async def test_a_websocket_of_a_protected_route_is_refused(regular: Mitmdump, store: Store) -> None:
    store.answer = agree_to("websocket")
    async with through(regular, store) as client:
        answered = await client.get("/customers/1", headers=WEBSOCKET)
    assert (answered.status_code, answered.json()["code"]) == (403, "endless")
    assert not store.received


async def test_an_event_stream_is_broken_off_at_once(regular: Mitmdump, store: Store) -> None:
    """mitmproxy would keep the client waiting, and gather the stream without a bound."""
    store.answer = EVENTS
    async with through(regular, store) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/customers/1")


async def test_an_event_stream_under_a_rule_that_observes_goes_on(
    regular: Mitmdump, store: Store
) -> None:
    store.answer = EVENTS
    async with (
        through(regular, store) as client,
        client.stream("GET", "/watched") as answered,
    ):
        assert await anext(answered.aiter_bytes()) == b"data: enc:1:\n\n"


async def test_mitmweb_seals_as_well(folder: Path, store: Store) -> None:
    quiet = ("--no-web-open-browser", "--web-host", "127.0.0.1", "--web-port", "0")
    with Mitmdump(folder, *quiet, program="mitmweb") as proxy:
        async with through(proxy, store) as client:
            written = await client.put("/customers/1", content=BODY, headers=JSON)
    assert written.json() == json.loads(BODY)
    assert b"enc:1:" in store.kept


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("http://127.0.0.1:@PORT@/customers/1", "elsewhere.test"),
        ("http://127.0.0.1:@PORT@/customers/1", "127.0.0.1"),
        ("http://elsewhere.test/customers/1", "127.0.0.1:@PORT@"),
        ("http://0x7f000001:@PORT@/customers/1", "elsewhere.test"),
    ],
)
async def test_a_request_that_names_two_destinations_is_refused(
    regular: Mitmdump, store: Store, target: str, host: str
) -> None:
    port = str(store.port)
    data = put(target.replace("@PORT@", port), host.replace("@PORT@", port))
    assert b" 400 " in (await say(regular, data)).partition(b"\r\n")[0]
    assert not store.received


async def test_an_address_in_another_spelling_is_the_same(regular: Mitmdump, store: Store) -> None:
    host = f"0x7f000001:{store.port}"
    line = "Content-Type: application/json"
    assert b" 200 " in await say(regular, put(f"http://{host}/customers/1", host, BODY, line))
    assert b"enc:1:" in store.kept


@pytest.mark.parametrize(
    "option", ["stream_large_bodies=1", "ssl_insecure=true", "validate_inbound_headers=false"]
)
async def test_options_under_which_plain_values_leave_are_refused(
    folder: Path, option: str
) -> None:
    proxy = Mitmdump(folder, "--set", option)
    assert proxy.ended() == 2
    assert f"sidecar: {option.partition('=')[0]} must" in proxy.log


async def test_a_script_that_was_edited_and_does_not_load_changes_nothing(
    folder: Path, store: Store, tmp_path: Path
) -> None:
    script = tmp_path / "edited.py"
    shutil.copy(sidecar.addon.__file__, script)
    with Mitmdump(folder, script=script) as proxy:
        async with through(proxy, store) as client:
            assert (await client.put("/customers/1", content=BODY, headers=JSON)).is_success
            script.write_text("this is no Python")
            await asyncio.to_thread(proxy.wait_for, "error in script")
            assert (await client.put("/customers/1", content=BODY, headers=JSON)).is_success
    assert store.everything.count(b"enc:1:") == 2


BESIDE = """
import contextlib
from mitmproxy import ctx

def requestheaders(flow):
    flow.request.stream = flow.request.headers["x-do"] != "move"
    if flow.request.headers["x-do"] == "set":
        with contextlib.suppress(Exception):
            ctx.options.stream_large_bodies = "1"

def request(flow):
    if flow.request.headers["x-do"] == "append":
        flow.request.text = flow.request.text.replace("}", ', "more": 1}')
    if flow.request.headers["x-do"] == "move":
        flow.request.path = "/customers/1"
    raise RuntimeError("a hook that fails")
"""


async def test_other_scripts_come_first_whatever_they_do(
    folder: Path, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "beside.py").write_text(BESIDE)
    targets = {"append": "/customers/1", "move": "/elsewhere", "set": "/customers/1"}
    with Mitmdump(folder, "-s", str(tmp_path / "beside.py")) as proxy:
        async with through(proxy, store) as client:
            for do, target in targets.items():
                answered = await client.put(target, content=BODY, headers=JSON | {"x-do": do})
                assert answered.is_success, do
    assert [b"enc:1:" in request.body for request in store.complete] == [True] * 3
    assert b'"more"' in store.complete[0].body


async def test_a_kms_that_is_away_is_no_reason_to_pass_anything(
    folder: Path, store: Store, tmp_path: Path
) -> None:
    for name in ("rules.yaml", "sidecar.yaml"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    config = tmp_path / "sidecar.yaml"
    config.write_text(
        config.read_text().replace("endpoint: 'http://127.0.0.1:", "endpoint: 'http://127.0.0.2:")
    )
    proxy = Mitmdump(tmp_path)
    assert proxy.ended() == 2
    assert "sidecar: " in proxy.log
    assert not store.received
