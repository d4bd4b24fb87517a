# SPDX-License-Identifier: Apache-2.0
"""JSON Patch: what is written edits the record, or the list of them; answers are JSON."""

import json
from typing import Any

from tests.formats.format import Format, Record
from tests.formats.json import FORMAT as JSON
from tests.proxy.rig import Answered


class JsonPatch(Format):
    name = "JSON Patch"
    content_type = b"application/json-patch+json"
    method = b"PATCH"
    unreadable = b'[{"op":"add","path":"/ssn","value":"1"'

    def write(self, *records: Record) -> bytes:
        if len(records) > 1:
            edits: list[Any] = [_add("/-", record) for record in records]
        else:
            edits = [_add(f"/{name}", value) for name, value in records[0].items()]
        return json.dumps(edits).encode()

    def read(self, body: bytes) -> list[Record]:
        edits = json.loads(body)
        if edits[0]["path"] == "/-":
            return [edit["value"] for edit in edits]
        return [{edit["path"][1:]: edit["value"] for edit in edits}]

    def answer(self, *records: Record, coding: str = "", body: bytes | None = None) -> bytes:
        return JSON.answer(*records, coding=coding, body=body)

    def told(self, answered: Answered) -> list[Record]:
        return JSON.told(answered)


def _add(path: str, value: object) -> dict[str, object]:
    return {"op": "add", "path": path, "value": value}


FORMAT = JsonPatch()
