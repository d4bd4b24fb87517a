# SPDX-License-Identifier: Apache-2.0
"""A canary through a whole proxy: sealed on its way into a store, opened on its way back.

The proxy is the real one on a free port, with the configured keys; only the store is a small one of
our own that keeps the bytes it received, because nobody's data is touched to prove something.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Page

from sidecar.envelope import PREFIX
from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.keys import CmkRef, Keyring
from sidecar.proxy import Listener, ProxySettings, Upstream
from sidecar.proxy.asgi import served
from sidecar.proxy.host import Host
from sidecar.rules import Field, Route, Rule, RuleSet, Store, compile_rules
from sidecar.transform import Transform

STORE = "envelope-sidecar canary"
LOOPBACK = "127.0.0.1"
_JSON = {"Content-Type": "application/json"}


async def fly(keyring: Keyring, cmk: CmkRef) -> str:
    """What became of a canary under `cmk`; Misconfigured where it was not sealed, or not opened."""
    canary = f"canary-{secrets.token_hex(16)}"
    record = b'{"canary":"%b"}' % canary.encode()
    kept: list[bytes] = []
    async with (
        _store(kept) as store,
        _proxy(keyring, cmk, store) as proxy,
        _client(proxy) as client,
    ):
        try:
            written = await client.put("/canaries/1", content=record, headers=_JSON)
            read = await client.get("/canaries/1")
        except httpx.HTTPError as error:
            raise Misconfigured(f"the proxy does not answer: {type(error).__name__}") from None
    return judge(canary.encode(), record, kept, written, read)


def judge(
    canary: bytes, record: bytes, kept: list[bytes], written: httpx.Response, read: httpx.Response
) -> str:
    """What the store kept and the client was told, in a sentence; Misconfigured if it is wrong."""
    if written.status_code != httpx.codes.OK or not kept:
        raise Misconfigured(f"the write was refused: {_reason(written)}")
    if any(canary in bytes_kept or PREFIX.encode() not in bytes_kept for bytes_kept in kept):
        raise Misconfigured("the store received the canary unsealed")
    if read.content != record:
        raise Misconfigured(f"reading did not return the canary: {_reason(read)}")
    return f"the store received {len(kept[0])} bytes without the canary in them; reading returns it"


def _client(proxy: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=proxy, trust_env=False, timeout=30)


def _reason(answer: httpx.Response) -> str:
    """The status and, where the proxy refused, its code; the rest may hold a value."""
    if answer.headers.get("Content-Type") != "application/problem+json":
        return f"HTTP {answer.status_code}"
    return f"HTTP {answer.status_code}, {answer.json().get('code')}"


@asynccontextmanager
async def _store(kept: list[bytes]) -> AsyncIterator[str]:
    """A store of one record, which keeps the raw bytes of it in `kept`; its authority."""

    async def page(request: Request) -> Response:
        if request.method == "PUT":
            kept.append(await request.body())
        return Response(kept[-1] if kept else b"{}", media_type="application/json")

    app = Starlette(routes=[Page("/canaries/1", page, methods=["GET", "PUT"])])
    async with served(app, LOOPBACK, 0) as (host, port):
        yield f"{host}:{port}"


@asynccontextmanager
async def _proxy(keyring: Keyring, cmk: CmkRef, store: str) -> AsyncIterator[str]:
    """A proxy in front of `store` that seals canaries; its URL."""
    rule = Rule(
        name="canary",
        store=Store(STORE, "rest", (store,)),
        routes=(Route.parse("/canaries/{id}"),),
        cmk=cmk,
        fields=(Field("canary", FieldPath.parse("canary")),),
        record="id",
    )
    host, _, port = store.rpartition(":")
    listener = Listener(LOOPBACK, 0, Upstream("http", host, int(port)))
    transform = Transform(compile_rules(RuleSet((rule,))), keyring)
    async with Host(ProxySettings((listener,)), transform) as proxy:
        yield "http://{}:{}".format(*proxy.addresses[0])
