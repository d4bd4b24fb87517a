# SPDX-License-Identifier: Apache-2.0
"""Cookies: `Cookie` to the store, `Set-Cookie` back."""

from typing import Any

from sidecar.rules import Mode, Place, Rule
from tests.fixtures.origin import Received
from tests.formats.format import Format, Record
from tests.formats.header import NO_BODY
from tests.proxy.rig import Answered, answer
from tests.rules import samples
from tests.transform.rig import Rig as Keys


class Cookie(Format):
    name = "cookie"
    content_type = b"text/plain"
    lacks = NO_BODY

    def rule(self, keys: Keys, **parts: Any) -> Rule:
        outside = (
            samples.field("ssn", place=Place.COOKIE),
            samples.field("email", Mode.EQUALITY, place=Place.COOKIE),
        )
        body = samples.field("email", Mode.EQUALITY)
        return keys.rule(body, outside=outside, **parts)

    def write(self, *records: Record) -> bytes:
        return "; ".join(f"{name}={value}" for name, value in records[0].items()).encode()

    def read(self, body: bytes) -> list[Record]:
        pairs = [pair.partition("=") for pair in body.decode().split("; ")]
        return [{name: value for name, _, value in pairs}]

    def stored(self, request: Received) -> list[Record]:
        return self.read(request.values(b"cookie")[0])

    def request(self, *records: Record, coding: str = "", body: bytes | None = None) -> bytes:
        del coding, body
        return self.sent(b"/customers/c1", b"", b"Cookie: " + self.write(*records))

    def answer(self, *records: Record, coding: str = "", body: bytes | None = None) -> bytes:
        del coding, body
        pairs = [f"Set-Cookie: {k}={v}; Path=/; Secure" for k, v in records[0].items()]
        return answer(b"", *(pair.encode() for pair in pairs))

    def told(self, answered: Answered) -> list[Record]:
        pairs = [line.decode() for line in answered.values(b"set-cookie")]
        assert all(pair.endswith("; Path=/; Secure") for pair in pairs)
        return self.read(
            "; ".join(pair.removesuffix("; Path=/; Secure") for pair in pairs).encode()
        )


FORMAT = Cookie()
