# SPDX-License-Identifier: Apache-2.0
"""A whole body as one value."""

from typing import Any

from sidecar.rules import Rule
from tests.formats.format import Format, Record
from tests.rules import samples
from tests.transform.rig import Rig as Keys

_ONE_VALUE = "the body is one value"


class Plain(Format):
    name = "whole body"
    content_type = b"application/octet-stream"
    lacks = dict.fromkeys(
        ("list of records", "equality search", "null", "moved envelope", "unreadable body"),
        _ONE_VALUE,
    )

    def rule(self, keys: Keys, **parts: Any) -> Rule:
        return keys.rule(samples.field("$"), routes=("/customers/{id}",), **parts)

    def write(self, *records: Record) -> bytes:
        return (records[0]["ssn"] or "").encode() + b"\xff"

    def read(self, body: bytes) -> list[Record]:
        return [{"ssn": body.removesuffix(b"\xff").decode()}]

    def answer(self, *records: Record, coding: str = "", body: bytes | None = None) -> bytes:
        text = (records[0]["ssn"] or "").encode()
        return super().answer(body=text, coding=coding)


FORMAT = Plain()
