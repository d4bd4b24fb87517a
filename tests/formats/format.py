# SPDX-License-Identifier: Apache-2.0
"""What a format has to bring to the table: how records are written in it, and read by others.

A format is one file here with a constant `FORMAT`; `operations` does the same with each. Bodies are
written and read by the standard library or another parser that shares nothing with the codecs.
"""

import gzip
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

import brotli
import zstandard

from sidecar.rules import Mode, Rule
from tests.fixtures.origin import Received
from tests.proxy.rig import Answered, answer
from tests.rules import samples
from tests.transform.rig import Rig as Keys

type Record = dict[str, str | None]
"""Texts by name: `id` and `name` in clear, `ssn` sealed, `email` sealed so that it is found."""

CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


class Format(ABC):
    """One format of bodies; what is the same for most stands here and may be overridden."""

    name: ClassVar[str]
    content_type: ClassVar[bytes]
    method: ClassVar[bytes] = b"PUT"
    lacks: ClassVar[Mapping[str, str]] = {}
    """Operations that there are none of in this format, and why."""
    unreadable: ClassVar[bytes]
    """A body in this format that is none."""

    def rule(self, keys: Keys, **parts: Any) -> Rule:
        """The rule of the store; bound to tenant and record."""
        fields = (samples.field("ssn"), samples.field("email", Mode.EQUALITY))
        return keys.rule(*fields, **parts)

    @abstractmethod
    def write(self, *records: Record) -> bytes:
        """The body that brings records to the store."""

    @abstractmethod
    def read(self, body: bytes) -> list[Record]:
        """The records of a body that another parser finds."""

    def stored(self, request: Received) -> list[Record]:
        """The records that the store received."""
        return self.read(request.body)

    def request(self, *records: Record, coding: str = "", body: bytes | None = None) -> bytes:
        """A whole request that writes records, or one with another body."""
        body = CODINGS[coding](self.write(*records) if body is None else body)
        target = (
            b"/customers/%s" % (records[0]["id"] or "").encode()
            if len(records) == 1
            else b"/customers"
        )
        return self.sent(
            target, body, *([b"Content-Encoding: " + coding.encode()] if coding else [])
        )

    def sent(self, target: bytes, body: bytes, *lines: bytes) -> bytes:
        """A whole request."""
        head = (
            b"%b %b HTTP/1.1" % (self.method, target), b"Host: crm", b"X-Tenant-Id: acme",
            b"Content-Type: " + self.content_type, b"Content-Length: %d" % len(body), *lines,
        )  # fmt: skip
        return b"\r\n".join((*head, b"", body))

    def asking(self, record: str = "") -> bytes:
        """A whole request for a record, or for all."""
        return self.got("/customers" + (f"/{record}" if record else ""))

    def searching(self, email: str) -> bytes:
        """A whole request for the records with an email."""
        return self.got(f"/customers?page=1&email={quote(email)}")

    def sought(self, request: Received) -> str:
        """The email that the store was asked for."""
        before, _, email = request.target.decode().partition("&email=")
        assert before == "/customers?page=1"
        return email

    def got(self, target: str) -> bytes:
        """A whole request without a body."""
        return f"GET {target} HTTP/1.1\r\nHost: crm\r\nX-Tenant-Id: acme\r\n\r\n".encode()

    def answer(self, *records: Record, coding: str = "", body: bytes | None = None) -> bytes:
        """A whole answer of the store that holds records, or one with another body."""
        body = CODINGS[coding](self.write(*records) if body is None else body)
        lines = [b"Content-Encoding: " + coding.encode()] if coding else []
        return answer(body, b"Content-Type: " + self.content_type, *lines)

    def told(self, answered: Answered) -> list[Record]:
        """The records that the client was told."""
        return self.read(answered.body)
