# SPDX-License-Identifier: Apache-2.0
"""`sidecar run` as HTTPS_PROXY, all parts real: KMS, rules, a store in TLS, an ordinary client."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.cli.installed import Running, write
from tests.fixtures.authority import Authority
from tests.fixtures.command import sidecar
from tests.fixtures.kms import RunningKms
from tests.fixtures.origin import Origin, Received
from tests.proxy.rig import until

CANARY = "CANARY-2c26b46b"


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*Authority(tmp_path, "stores").issue("localhost", "127.0.0.1"))
    return context


@pytest.fixture
async def store(certificate: ssl.SSLContext) -> AsyncIterator[Origin]:
    async with _echoing(certificate) as origin:
        yield origin


@pytest.fixture
async def elsewhere(certificate: ssl.SSLContext) -> AsyncIterator[Origin]:
    async with _echoing(certificate) as origin:
        yield origin


@contextlib.asynccontextmanager
async def _echoing(certificate: ssl.SSLContext) -> AsyncIterator[Origin]:
    async def echo(request: Received, writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(request.body) + request.body)

    async with Origin(certificate) as origin:
        origin.answer = echo
        yield origin


async def test_a_ruled_host_is_sealed_and_every_other_is_left_alone(
    store: Origin, elsewhere: Origin, tmp_path: Path, kms: RunningKms
) -> None:
    kms.make_key("alias/forward")
    ruled, other = f"localhost:{store.port}", f"127.0.0.1:{elsewhere.port}"
    where = f"{{endpoint: '{kms.endpoint}', credentials_file: '{kms.credentials_file}'}}"
    config = write(tmp_path, ruled, "alias/forward", where)
    forward = "mode: forward, upstream_tls: {ca: stores.pem}"
    config.write_text(config.read_text().replace(f"upstream: 'http://{ruled}'", forward))
    record = {"id": "1", "ssn": CANARY}
    with Running(config) as running:
        exported = await asyncio.to_thread(sidecar, "ca", "export", "-c", config)
        ours = ssl.create_default_context(cadata=exported.stdout)
        theirs = ssl.create_default_context(cafile=tmp_path / "stores.pem")
        async with httpx.AsyncClient(proxy=running.url, verify=ours, timeout=30) as client:
            sealed = await client.put(f"https://{ruled}/customers/1", json=record)
        assert sealed.json() == record
        async with httpx.AsyncClient(proxy=running.url, verify=theirs, timeout=30) as client:
            untouched = await client.put(f"https://{other}/customers/1", json=record)
            operators = await client.get(f"{running.admin}/metrics")
            with pytest.raises(httpx.TransportError):  # the attack: the store by its address
                await client.put(f"https://127.0.0.1:{store.port}/customers/1", json=record)
        assert (operators.status_code, operators.json()["code"]) == (403, "not_forwarded")
        assert untouched.json() == record
        assert json.loads(elsewhere.complete[-1].body) == record
        assert b"enc:1:" in store.everything
        assert CANARY.encode() not in store.everything
        await until(lambda: store.closed and elsewhere.closed == 1)
