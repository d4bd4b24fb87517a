# SPDX-License-Identifier: Apache-2.0
"""Tables (`text/csv`)."""

import csv
import io

from tests.formats.format import Format, Record


class Csv(Format):
    name = "CSV"
    content_type = b"text/csv; header=present"
    unreadable = b"id,ssn\r\nc1,1,2\r\n"

    def write(self, *records: Record) -> bytes:
        out = io.StringIO()
        writer = csv.DictWriter(out, fieldnames=records[0])
        writer.writeheader()
        writer.writerows(records)
        return out.getvalue().encode()

    def read(self, body: bytes) -> list[Record]:
        rows = csv.DictReader(io.StringIO(body.decode(), newline=""))
        return [{name: text or None for name, text in row.items()} for row in rows]


FORMAT = Csv()
