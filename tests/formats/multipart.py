# SPDX-License-Identifier: Apache-2.0
"""Forms in parts (`multipart/form-data`), written by httpx and read by the standard library."""

from email.parser import BytesParser
from email.policy import HTTP

import httpx

from tests.formats.format import Format, Record


class Multipart(Format):
    name = "multipart/form-data"
    content_type = b"multipart/form-data; boundary=7f1b"
    lacks = {"list of records": "a form is one document", "null": "only texts"}  # noqa: RUF012
    unreadable = b'--7f1b\r\nContent-Disposition: form-data; name="ssn"\r\n\r\n1\r\n'

    def write(self, *records: Record) -> bytes:
        request = httpx.Request(
            "PUT",
            "http://crm",
            files={name: (None, text or "") for name, text in records[0].items()},
            headers={"Content-Type": self.content_type.decode()},
        )
        return request.read()

    def read(self, body: bytes) -> list[Record]:
        head = b"Content-Type: %b\r\n\r\n" % self.content_type
        parts = BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
        return [
            {
                str(
                    part.get_param("name", header="content-disposition")
                ): part.get_content().removesuffix("\n")
                for part in parts
            }
        ]


FORMAT = Multipart()
