# SPDX-License-Identifier: Apache-2.0
"""The record that a document is bound to: what names it in the document and in the path.

An id is a text or an integer, and `"1"` and `1` are one: a path cannot tell them apart. No number
is ever made of an integer, which may have any length.
"""

import re

import msgspec

from sidecar.backends.refusals import Unbound
from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath

_decode_text = msgspec.json.Decoder(str).decode
_INTEGER = re.compile(rb"0|-?[1-9][0-9]*")


def record_path(record: str) -> FieldPath:
    """Where a document tells the id that a rule's `record` names."""
    try:
        return FieldPath.parse(record)
    except Misconfigured:  # the name of a path variable need not be a path
        return FieldPath((record,))


def record_of(lexeme: bytes | None, in_path: str | None) -> str | None:
    """The record of a document, by the id in it, by the path, or by both alike."""
    if lexeme is None or lexeme == b"null":
        return in_path
    record = find_text(lexeme)
    if record is None and _INTEGER.fullmatch(lexeme):  # of any length: no number is made of it
        record = lexeme.decode("ascii")
    if not record:
        raise Unbound("a record id is a text that is not empty, or an integer")
    if in_path is not None and in_path != record:
        raise Unbound("the record id of a document is not the one in the path")
    return record


def find_text(lexeme: bytes) -> str | None:
    """The text that a JSON value is, or None."""
    return _decode_text(lexeme) if lexeme.startswith(b'"') else None
