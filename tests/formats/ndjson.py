# SPDX-License-Identifier: Apache-2.0
"""JSON texts in lines."""

import json

from tests.formats.format import Format, Record


class Ndjson(Format):
    name = "NDJSON"
    content_type = b"application/x-ndjson"
    unreadable = b'{"id":"c1"}\n{"ssn":'

    def write(self, *records: Record) -> bytes:
        return b"".join(json.dumps(record).encode() + b"\n" for record in records)

    def read(self, body: bytes) -> list[Record]:
        return [json.loads(line) for line in body.splitlines()]


FORMAT = Ndjson()
