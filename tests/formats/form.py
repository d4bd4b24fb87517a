# SPDX-License-Identifier: Apache-2.0
"""Forms (`application/x-www-form-urlencoded`)."""

from urllib.parse import parse_qsl, urlencode

from tests.formats.format import Format, Record


class Form(Format):
    name = "form"
    content_type = b"application/x-www-form-urlencoded"
    lacks = {"list of records": "a form is one document", "null": "only texts"}  # noqa: RUF012
    unreadable = b"id=c1;ssn=1"

    def write(self, *records: Record) -> bytes:
        return urlencode(records[0]).encode()

    def read(self, body: bytes) -> list[Record]:
        return [dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))]


FORMAT = Form()
