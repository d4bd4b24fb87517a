# SPDX-License-Identifier: Apache-2.0
"""Header fields."""

from typing import Any

from sidecar.rules import Mode, Place, Rule
from tests.fixtures.origin import Received
from tests.formats.format import CODINGS, Format, Record
from tests.proxy.rig import Answered, answer
from tests.rules import samples
from tests.transform.rig import Rig as Keys

NO_BODY = dict.fromkeys([coding for coding in CODINGS if coding], "there is no body") | {
    "list of records": "a head is about one thing",
    "null": "only texts",
    "record binding": "it belongs to no document, and is bound to the tenant",
    "unreadable body": "there is no body",
}


class Header(Format):
    name = "header"
    content_type = b"text/plain"
    lacks = NO_BODY

    def rule(self, keys: Keys, **parts: Any) -> Rule:
        outside = (
            samples.field("ssn", place=Place.HEADER),
            samples.field("email", Mode.EQUALITY, place=Place.HEADER),
        )
        body = samples.field("email", Mode.EQUALITY)
        return keys.rule(body, outside=outside, **parts)

    def write(self, *records: Record) -> bytes:
        return b"".join(
            b"%b: %b\r\n" % (k.encode(), (v or "").encode()) for k, v in records[0].items()
        )

    def read(self, body: bytes) -> list[Record]:
        pairs = [line.partition(": ") for line in body.decode().splitlines()]
        return [{name: value for name, _, value in pairs}]

    def stored(self, request: Received) -> list[Record]:
        return _records(request.headers)

    def request(self, *records: Record, coding: str = "", body: bytes | None = None) -> bytes:
        del coding, body
        return self.sent(b"/customers/c1", b"", *self.write(*records).splitlines())

    def answer(self, *records: Record, coding: str = "", body: bytes | None = None) -> bytes:
        del coding, body
        return answer(b"", *self.write(*records).splitlines())

    def told(self, answered: Answered) -> list[Record]:
        return _records(answered.headers)


def _records(headers: list[tuple[bytes, bytes]]) -> list[Record]:
    found = {name.decode(): value.decode() for name, value in headers}
    return [{name: found[name] for name in ("id", "name", "ssn", "email")}]


FORMAT = Header()
