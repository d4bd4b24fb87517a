# SPDX-License-Identifier: Apache-2.0
"""A small store of customers over HTTP: every way to list, ETags, and others who write meanwhile.

    GET  /customers?page=N | offset=N | after=ID | cursor=ID | at=ID (links)     five a page
    GET  /customers/{id}, PUT /customers/{id} (If-Match, unless `is_heedless`)
    POST /command   {"id": …, "ssn": …, "was": …} → {"count": 0 or 1}

`before_write` is called with the id of a record ahead of every write, `before_list` ahead of every
page, `before_second_read` once;
`troubles` are statuses that the next requests are answered with, `refused` is that of every write,
and with `drop` the next write is done and not answered.
"""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sidecar.migration.renewal import NO_ETAG
from sidecar.proxy.asgi import served

PAGE = 5


class Shop:
    """`records` is what it stores: JSON texts by id, in order."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.records = {record["id"]: msgspec.json.encode(record) for record in records}
        self.asked: Counter[str] = Counter()
        self.before_write: Callable[[str], None] = lambda _: None
        self.before_list: Callable[[], None] = lambda: None
        self.troubles: list[int] = []
        self.tags = True
        self.weak = False
        self.is_heedless = False
        self.compares = True
        self.repeats_cursor = False
        self.stuck = False
        self.drop = False
        self.refused: int | None = None
        self.before_second_read: Callable[[], None] | None = None
        self.key: str | None = None
        self._app = Starlette(
            routes=[
                Route("/customers", self._listing, methods=["GET"]),
                Route("/customers/{id}", self._get, methods=["GET"]),
                Route("/customers/{id}", self._put, methods=["PUT"]),
                Route("/command", self._command, methods=["POST"]),
            ]
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Inside the context it answers; its authority."""
        async with served(self._answer, "127.0.0.1", 0) as (host, port):
            yield f"{host}:{port}"

    def record(self, record_id: str) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.records[record_id])
        return found

    def change(self, record_id: str, **members: object) -> None:
        """What another client writes."""
        self.records[record_id] = msgspec.json.encode(self.record(record_id) | members)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked[scope["method"]] += 1
        key = dict(scope["headers"]).get(b"authorization", b"").decode()
        if self.key is not None and key != self.key:
            await Response(status_code=401)(scope, receive, send)
        elif self.troubles:
            status = self.troubles.pop(0)
            await Response(status_code=status, headers={"Retry-After": "0"})(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _listing(self, request: Request) -> Response:
        self.before_list()
        query, ids = request.query_params, sorted(self.records)
        start = 0
        if "page" in query:
            start = (int(query["page"]) - 1) * PAGE
        elif "offset" in query:
            start = int(query["offset"])
        else:
            after = query.get("after") or query.get("cursor") or query.get("at") or ""
            start = sum(each <= after for each in ids)
        chosen = ids[start : start + PAGE]
        body = b"[%b]" % b",".join(self.records[each] for each in chosen)
        more = start + PAGE < len(ids)
        headers = {}
        if "cursor" in query:
            at_end = query["cursor"] if self.repeats_cursor and not chosen else None
            is_told = more or (self.repeats_cursor and chosen)
            cursor = msgspec.json.encode(chosen[-1] if is_told else at_end)
            url = msgspec.json.encode(f"/customers?cursor={chosen[-1]}" if more else None)
            body = b'{"next":%b,"url":%b,"rows":%b}' % (cursor, url, body)
        if self.stuck:
            body = b'[{"id":"C-000"}]'
        if more and not query.keys() - {"at"}:
            headers["Link"] = f'</customers?at={chosen[-1]}>; rel="next"'
        return Response(body, media_type="application/json", headers=headers)

    async def _get(self, request: Request) -> Response:
        record = self.records.get(request.path_params["id"])
        if record is None:
            return Response(status_code=404)
        if self.asked["GET"] > 1 and self.before_second_read is not None:
            change, self.before_second_read = self.before_second_read, None
            change()
            record = self.records[request.path_params["id"]]
        weak = "W/" if self.weak else ""
        headers = {"ETag": weak + _tag(record)} if self.tags else {}
        return Response(record, media_type="application/json", headers=headers)

    async def _put(self, request: Request) -> Response:
        record_id = request.path_params["id"]
        body = await request.body()
        wanted = request.headers.get("If-Match", "")
        if self.is_heedless or wanted != NO_ETAG.decode():
            self.before_write(record_id)
        if self.refused is not None:
            return Response(status_code=self.refused)
        if self.drop:  # an answer that ends before its end
            self.drop = False
            return Response(b"", status_code=200, headers={"Content-Length": "9"})
        if wanted not in {"", _tag(self.records[record_id])} and not self.is_heedless:
            return Response(status_code=412)
        self.records[record_id] = body
        return Response(status_code=204)

    async def _command(self, request: Request) -> Response:
        params = msgspec.json.decode(await request.body())
        record_id = params["id"]
        self.before_write(record_id)
        record = self.record(record_id)
        is_same = record.get("ssn") == params["was"] or not self.compares
        if is_same:
            self.records[record_id] = msgspec.json.encode(record | {"ssn": params["ssn"]})
        return Response(b'{"count":%d}' % is_same, media_type="application/json")


def _tag(record: bytes) -> str:
    return f'"{hashlib.sha256(record).hexdigest()[:16]}"'
