# SPDX-License-Identifier: Apache-2.0
"""GraphQL: records in variables, and in the data of answers."""

import json
from typing import Any

from sidecar.fieldpath import FieldPath
from sidecar.rules import Documents, Rule
from tests.fixtures.origin import Received
from tests.formats.format import Format, Record
from tests.proxy.rig import Answered
from tests.transform.rig import Rig as Keys

ONE = "mutation($input: Input!) { save(input: $input) { id } }"
MANY = "mutation($customers: [Input!]!) { saveAll(customers: $customers) { id } }"
READ = "query($key: ID) { customers(key: $key) { id name ssn email } }"
FIND = "query($email: String) { customers(email: $email) { id name ssn email } }"


class Graphql(Format):
    name = "GraphQL"
    content_type = b"application/json"
    method = b"POST"
    unreadable = b'{"query":"{ id }","data":null,"query":"{ id }","data":null}'

    def rule(self, keys: Keys, **parts: Any) -> Rule:
        places = ("$.variables", "$.variables.input", "$.variables.customers[*]")
        parts["store"] = parts["store"]._replace(kind="graphql")
        documents = Documents(
            tuple(map(FieldPath.parse, places)), (FieldPath.parse("$.data.customers[*]"),)
        )
        return super().rule(keys, routes=("/graphql",), documents=documents, **parts)

    def write(self, *records: Record) -> bytes:
        if len(records) == 1:
            return _operation(ONE, input=records[0])
        return _operation(MANY, customers=records)

    def read(self, body: bytes) -> list[Record]:
        content = json.loads(body)
        found = content["data"] if "data" in content else content["variables"]
        return [found["input"]] if "input" in found else found["customers"]

    def sent(self, target: bytes, body: bytes, *lines: bytes) -> bytes:
        return super().sent(b"/graphql", body, *lines)

    def asking(self, record: str = "") -> bytes:
        return self.sent(b"", _operation(READ, key=record or None))

    def searching(self, email: str) -> bytes:
        return self.sent(b"", _operation(FIND, email=email))

    def sought(self, request: Received) -> str:
        email: str = json.loads(request.body)["variables"]["email"]
        return email

    def answer(self, *records: Record, coding: str = "", body: bytes | None = None) -> bytes:
        content = json.dumps({"data": {"customers": records}}).encode() if body is None else body
        return super().answer(coding=coding, body=content)

    def told(self, answered: Answered) -> list[Record]:
        return self.read(answered.body)


def _operation(query: str, **variables: object) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


FORMAT = Graphql()
