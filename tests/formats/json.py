# SPDX-License-Identifier: Apache-2.0
"""JSON."""

import json

from tests.formats.format import Format, Record


class Json(Format):
    name = "JSON"
    content_type = b"application/json"
    unreadable = b'{"ssn":"1","ssn":"2"}'

    def write(self, *records: Record) -> bytes:
        return json.dumps(records[0] if len(records) == 1 else records).encode()

    def read(self, body: bytes) -> list[Record]:
        found = json.loads(body)
        return found if isinstance(found, list) else [found]


FORMAT = Json()
