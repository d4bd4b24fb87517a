# SPDX-License-Identifier: Apache-2.0
"""A small search index over HTTP: documents inside of hits, versions outside of documents.

POST /customers/_search   {"search_after": [id]} → {"hits": {"hits": [{"_id", …, "_source"}]}}
GET  /customers/_doc/{id} → one hit
PUT  /customers/_doc/{id}?if_seq_no=N&if_primary_term=1   409 where the document has another
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sidecar.proxy.asgi import served

PAGE = 5


class SearchIndex:
    """`documents` by id; `before_write` is called once, ahead of a write."""

    def __init__(self, documents: dict[str, dict[str, Any]]) -> None:
        self.documents = documents
        self.numbers = dict.fromkeys(documents, 0)
        self.before_write: Callable[[], None] | None = None
        self._app = Starlette(
            routes=[
                Route("/customers/_search", self._search, methods=["POST"]),
                Route("/customers/_doc/{id}", self._get, methods=["GET"]),
                Route("/customers/_doc/{id}", self._put, methods=["PUT"]),
            ]
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Inside the context it answers; its authority."""
        async with served(self._app, "127.0.0.1", 0) as (host, port):
            yield f"{host}:{port}"

    def write(self, name: str, document: dict[str, Any]) -> None:
        """What any client writes."""
        self.documents[name] = document
        self.numbers[name] += 1

    def _hit(self, name: str) -> dict[str, Any]:
        version = {"_seq_no": self.numbers[name], "_primary_term": 1}
        return {"_id": name, **version, "_source": self.documents[name]}

    async def _search(self, request: Request) -> Response:
        after = msgspec.json.decode(await request.body())["search_after"][0]
        hits = [self._hit(name) for name in sorted(self.documents) if name > after][:PAGE]
        return _answer({"hits": {"hits": hits}})

    async def _get(self, request: Request) -> Response:
        return _answer(self._hit(request.path_params["id"]))

    async def _put(self, request: Request) -> Response:
        if self.before_write is not None:
            change, self.before_write = self.before_write, None
            change()
        name = request.path_params["id"]
        if request.query_params["if_seq_no"] != str(self.numbers[name]):
            return _answer({"error": "version_conflict_engine_exception"}, 409)
        self.write(name, msgspec.json.decode(await request.body()))
        return _answer({"result": "updated"})


def _answer(content: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")
