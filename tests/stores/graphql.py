# SPDX-License-Identifier: Apache-2.0
"""A GraphQL server as a real store: graphql-core reads, checks and executes what it receives.

Customers stand in its memory as they came; `received` keeps the body of every request.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from graphql import build_schema, graphql_sync

SCHEMA = build_schema("""
    scalar JSON
    type Customer {
      id: ID!, name: String, ssn: String, email: String, card: String, notes: JSON
      friends: [Customer!]!
    }
    input CustomerInput {
      id: ID, name: String, ssn: String, email: String, card: String, notes: JSON
    }
    input Where { field: String!, eq: String! }
    type Edge { node: Customer! }
    type Connection { edges: [Edge!]! }
    type Query {
      customer(id: ID!): Customer
      customers(email: String, where: Where): [Customer!]!
      customerList: Connection!
    }
    type Mutation {
      createCustomer(input: CustomerInput!): Customer!
      createCustomers(customers: [CustomerInput!]!): [Customer!]!
      setSsn(id: ID!, ssn: String): Customer!
    }
""")


class Shop:
    """The resolvers at the root, and what they keep."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def customer(self, _info: object, id: str) -> object:  # noqa: A002 - the schema's word
        return self.kept.get(id)

    def customers(self, _info: object, email: str | None = None, where: Any = None) -> object:
        wanted = [("email", email)] if email is not None else []
        wanted += [(where["field"], where["eq"])] if where else []
        return [
            each for each in self.kept.values() if all(each.get(key) == eq for key, eq in wanted)
        ]

    def customerList(self, _info: object) -> object:  # noqa: N802 - the schema's word
        return {"edges": [{"node": each} for each in self.kept.values()]}

    def createCustomer(self, _info: object, input: dict[str, Any]) -> object:  # noqa: A002, N802
        customer = {"id": str(len(self.kept) + 1), **input}
        customer["friends"] = list(self.kept.values())
        return self.kept.setdefault(customer["id"], customer)

    def createCustomers(self, info: object, customers: list[dict[str, Any]]) -> object:  # noqa: N802
        return [self.createCustomer(info, each) for each in customers]

    def setSsn(self, _info: object, id: str, ssn: str | None = None) -> object:  # noqa: A002, N802
        self.kept[id]["ssn"] = ssn
        return self.kept[id]


class GraphqlServer(ThreadingHTTPServer):
    """Serves `POST /graphql` on a free port of loopback."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port: int = self.server_address[1]
        self.shop = Shop()
        self.received: list[bytes] = []

    def execute(self, operation: dict[str, Any]) -> dict[str, Any]:
        """The answer to one operation."""
        result = graphql_sync(
            SCHEMA,
            operation.get("query") or "",
            root_value=self.shop,
            variable_values=operation.get("variables"),
            operation_name=operation.get("operationName"),
        )
        return dict(result.formatted)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: GraphqlServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(self.path.encode() + b"\n" + body)
        content = json.loads(body)
        if isinstance(content, list):
            self._tell([self.server.execute(each) for each in content])
        else:
            self._tell(self.server.execute(content))

    def _tell(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/graphql-response+json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word
        """Say nothing."""


@contextmanager
def graphql_server() -> Iterator[GraphqlServer]:
    """A server that runs while the block does."""
    with GraphqlServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
