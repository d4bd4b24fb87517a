# SPDX-License-Identifier: Apache-2.0
"""Requests with slots in them, as a description spells them.

    PUT /customers/{id}
    {"statement": "UPDATE customer SET ssn = :ssn WHERE id = :id AND ssn = :was",
     "params": {"id": "{id}", "ssn": "{ssn}", "was": "{stored ssn}"}}

In a target a slot is filled with a text or number, percent-encoded. In a body, a string that is
nothing but a slot becomes the JSON value itself; all other bytes stay. A slot's name is a path in
the record (`{$}` is the whole record), or a word of the listing. `{stored …}` is the value as the
store holds it, unopened, so that a store can compare before it writes.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from sidecar.errors import Malformed, Misconfigured

_REQUEST = re.compile(r"([A-Z]+) (/\S*)")
_IN_TARGET = re.compile(r"\{([^{}]+)\}")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_IN_BODY = re.compile(rb'"\{(stored )?([^{}"\\]+)\}"')
_DOTS = frozenset({".", ".."})
_IS_NAME = re.compile(rb"\s*:")


class Slot(NamedTuple):
    """A place for one value; `is_stored` asks for it as the store holds it."""

    name: str
    is_stored: bool = False


type Values = Mapping[Slot, bytes]
"""JSON values by slot."""


class Filled(NamedTuple):
    """A request's target and body, ready to be sent."""

    method: bytes
    target: bytes
    body: bytes

    def __repr__(self) -> str:
        return f"<Filled, {len(self.body)} bytes>"


class Template:
    """One request with its slots; Misconfigured where it cannot be one."""

    def __init__(self, request: str, body: str | None) -> None:
        read = _REQUEST.fullmatch(request)
        if read is None:
            raise Misconfigured(f"{request!r}: expected a request such as GET /customers/{{id}}")
        self.text = request
        self.method = read[1].encode()
        self._target = _IN_TARGET.split(read[2])  # text and names in turns
        self._body = list(_split_body(body.encode())) if body is not None else []
        self.target_slots = frozenset(Slot(name) for name in self._target[1::2])
        in_body = {part for part in self._body if isinstance(part, Slot)}
        self.slots = self.target_slots | in_body
        self.path_slots = frozenset(map(Slot, _IN_TARGET.findall(read[2].partition("?")[0])))

    def __str__(self) -> str:
        return self.text

    def fill(self, values: Values) -> Filled:
        """The request with every slot filled; Malformed where a target would need no scalar."""
        target = [
            _as_segment(part, values[Slot(part)]) if number % 2 else part
            for number, part in enumerate(self._target)
        ]
        body = [values[part] if isinstance(part, Slot) else part for part in self._body]
        return Filled(self.method, "".join(target).encode(), b"".join(body))


def _split_body(body: bytes) -> Iterator[bytes | Slot]:
    """The bytes between slots, and the slots."""
    try:
        msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise Misconfigured(f"the body is not JSON: {error}") from None
    start = 0
    for string in _STRING.finditer(body):
        slot = _IN_BODY.fullmatch(string[0])
        if slot and not _IS_NAME.match(body, string.end()):
            yield body[start : string.start()]
            yield Slot(slot[2].decode(), slot[1] is not None)
            start = string.end()
    yield body[start:]


def _as_segment(name: str, lexeme: bytes) -> str:
    """A JSON text, number or boolean as a part of a target; null is an empty part."""
    if lexeme == b"null":
        return ""
    if lexeme[:1] in b"{[":
        raise Malformed(f"the slot {name!r} of a target holds no single value")
    text = msgspec.json.decode(lexeme, type=str) if lexeme.startswith(b'"') else lexeme.decode()
    if text in _DOTS:
        raise Malformed(f"the slot {name!r} of a target would lead elsewhere")
    return quote(text, safe="")
