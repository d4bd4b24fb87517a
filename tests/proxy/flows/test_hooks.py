# SPDX-License-Identifier: Apache-2.0
"""What mitmproxy's own options, other addons and recordings can make of a protected message."""

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio
from mitmproxy import io
from mitmproxy.http import Request
from mitmproxy.test import tflow

from tests.cli.installed import write
from tests.fixtures.kms import RunningKms
from tests.fixtures.origin import Origin
from tests.proxy.flows.mitmdump import Mitmdump

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = b"CANARY-1f0e2d3c"
BODY = b'{"id": "1", "ssn": "' + CANARY + b'"}'


@pytest_asyncio.fixture(loop_scope="module")
async def store():
    async with Origin() as origin:
        yield origin
        assert CANARY not in origin.everything


@pytest.fixture(scope="module")
def cmk(kms: RunningKms) -> str:
    kms.make_key("alias/hooks")
    return "alias/hooks"


@pytest.fixture
def folder(tmp_path: Path, kms: RunningKms, cmk: str, store: Origin) -> Path:
    where = f"{{endpoint: '{kms.endpoint}', credentials_file: '{kms.credentials_file}'}}"
    write(tmp_path, f"127.0.0.1:{store.port}", cmk, where)
    return tmp_path


def put(target: str, host: str) -> bytes:
    head = (f"PUT {target} HTTP/1.1", f"Host: {host}", "Connection: close")
    return (
        "\r\n".join(
            (*head, "Content-Type: application/json", f"Content-Length: {len(BODY)}", "", "")
        ).encode()
        + BODY
    )


async def say(proxy: Mitmdump, data: bytes) -> bytes:
    """What the proxy says to `data` until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read(-1), 30)
    finally:
        writer.close()


@pytest.mark.parametrize("option", ["ignore_hosts=.*", "tcp_hosts=.*", "allow_hosts=nobody"])
async def test_no_option_makes_a_protected_host_one_to_ignore(
    folder: Path, store: Origin, option: str
) -> None:
    host = f"127.0.0.1:{store.port}"
    with Mitmdump(folder, "--set", option) as proxy:
        await say(proxy, put(f"http://{host}/customers/1", host))
        tunnel = f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        await say(proxy, tunnel + put("/customers/1", host))
        await say(proxy, tunnel + b"\x00" + CANARY)


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
async def test_a_protected_host_is_not_reached_raw(
    folder: Path, store: Origin, scheme: str
) -> None:
    host = f"127.0.0.1:{store.port}"
    with Mitmdump(folder, "--mode", f"reverse:{scheme}://{host}") as proxy:
        assert await say(proxy, put("/customers/1", host)) == b""


async def test_what_is_replayed_is_sealed(folder: Path, store: Origin) -> None:
    """A recording that was made without the sidecar holds plain values."""
    flow = tflow.tflow()
    flow.client_conn.sni = None
    host = f"127.0.0.1:{store.port}"
    headers = {"Host": host, "Content-Type": "application/json"}
    flow.request = Request.make("PUT", f"http://{host}/customers/1", BODY, headers)
    recording = folder / "flows"
    with recording.open("wb") as file:
        io.FlowWriter(file).add(flow)
    with Mitmdump(folder, "-C", str(recording)) as proxy:
        await asyncio.to_thread(proxy.wait_for, "<< 200 OK")
    assert b"enc:1:" in store.everything


BESIDE = """
from mitmproxy import http

def requestheaders(flow):
    if flow.request.path.endswith("answered"):
        flow.response = http.Response.make(200, b"not yet")

def request(flow):
    flow.request.trailers = http.Headers(ssn="CANARY-1f0e2d3c")
    flow.response = None
    if flow.request.path.endswith("moved"):
        flow.request.host = "localhost"
    flow.request.path = "/customers/1"

def responseheaders(flow):
    flow.response.stream = True
"""


@pytest.mark.parametrize(("name", "answer"), [("answered", b" 200 "), ("moved", b" 502 ")])
async def test_another_addon_leads_nothing_past_the_rules(
    folder: Path, store: Origin, name: str, answer: bytes
) -> None:
    (folder / "beside.py").write_text(BESIDE)
    host = f"127.0.0.1:{store.port}"
    with Mitmdump(folder, "-s", str(folder / "beside.py")) as proxy:
        assert answer in (await say(proxy, put(f"http://{host}/{name}", host)))[:40]


async def test_a_protected_address_has_one_name(folder: Path, store: Origin) -> None:
    host = f"localhost:{store.port}"
    with Mitmdump(folder) as proxy:
        assert b" 502 " in await say(proxy, put(f"http://{host}/customers/1", host))
    assert not any(store.received)
