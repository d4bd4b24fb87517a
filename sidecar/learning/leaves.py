# SPDX-License-Identifier: Apache-2.0
"""Every value of a body with the place where it stands, whatever the place is.

Codecs find places that rules name; here nobody has named any yet, so a body is walked whole, within
bounds: long lists by their first elements, and no further than MOST_LEAVES values. What cannot be
read raises Malformed.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from io import StringIO
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from sidecar.backends.coding import UnknownCoding, codings_of, decode
from sidecar.backends.media import body_codec
from sidecar.codecs import find_codec
from sidecar.errors import Malformed
from sidecar.fieldpath import EACH, Step
from sidecar.learning.markup import form_in_parts, xml_document
from sidecar.message import Headers, header_values

LONGEST_DECODED = 4 * 1024 * 1024
"""Bytes of a compressed body when it is read."""
MOST_LEAVES = 4096
MOST_ELEMENTS = 100
MOST_STEPS = 16
_INDEX = re.compile(r"-|0|[1-9][0-9]*")
_LONGEST_NUMBER = 40
"""Digits; the text of a longer number is of no kind that is known."""

type Place = tuple[Step, ...]


class Leaf(NamedTuple):
    """A text or number, or (`text` None) an object that stands at `place`."""

    place: Place
    text: str | None
    is_number: bool = False


class _Number(str):
    """A number with a fraction, in its own spelling."""

    __slots__ = ()


_decode = msgspec.json.Decoder(float_hook=_Number).decode


def json_leaves(body: bytes) -> Iterator[Leaf]:
    """The leaves of one JSON text."""
    return _walk(_decoded(body))


def _decoded(body: bytes) -> Any:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("the body is not one JSON text") from None


def _walk(document: object, start: Place = ()) -> Iterator[Leaf]:
    waiting: list[tuple[Place, object]] = [(start, document)]
    leaves = 0
    while waiting and leaves < MOST_LEAVES:
        place, value = waiting.pop()
        if isinstance(value, dict):
            leaves += 1
            yield Leaf(place, None)
            if len(place) < MOST_STEPS:
                waiting.extend(((*place, name), below) for name, below in value.items())
        elif isinstance(value, list):
            if len(place) < MOST_STEPS:
                waiting.extend(((*place, EACH), below) for below in value[:MOST_ELEMENTS])
        elif isinstance(value, _Number):
            leaves += 1
            yield Leaf(place, str(value), is_number=True)
        elif isinstance(value, str):
            leaves += 1
            yield Leaf(place, value)
        elif isinstance(value, int) and not isinstance(value, bool):
            leaves += 1
            if value.bit_length() < 3 * _LONGEST_NUMBER:
                yield Leaf(place, str(value), is_number=True)


def ndjson_leaves(body: bytes) -> Iterator[Leaf]:
    """The leaves of each line, which are documents of their own."""
    for line in body.splitlines()[:MOST_ELEMENTS]:
        if line.strip():
            yield from json_leaves(line)


def patch_leaves(body: bytes) -> Iterator[Leaf]:
    """What the operations of a JSON Patch bring, each where its path leads (RFC 6902)."""
    operations = _decoded(body)
    if not isinstance(operations, list):
        raise Malformed("a JSON Patch is a list of operations")
    yield Leaf((), None)
    for operation in operations[:MOST_ELEMENTS]:
        if isinstance(operation, dict) and isinstance(path := operation.get("path"), str):
            names = (each.replace("~1", "/").replace("~0", "~") for each in path.split("/")[1:])
            place = tuple(EACH if _INDEX.fullmatch(name) else name for name in names)
            yield from _walk(operation.get("value"), place)


def xml_leaves(body: bytes) -> Iterator[Leaf]:
    """The texts and attributes of one XML document."""
    return _walk(xml_document(body))


def form_leaves(body: bytes) -> Iterator[Leaf]:
    """The fields of a form, which is one document; one that stands several times is a list."""
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=MOST_LEAVES, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise Malformed("the body is not a form in UTF-8") from None
    times = Counter(name for name, _ in pairs)
    yield Leaf((), None)
    for name, value in pairs:
        yield Leaf((name,) if times[name] == 1 else (name, EACH), value)


def csv_leaves(body: bytes) -> Iterator[Leaf]:
    """The cells of each row below the first, which names the columns."""
    try:
        rows = list(islice(csv.reader(StringIO(body.decode(), newline="")), MOST_ELEMENTS + 1))
    except (UnicodeDecodeError, csv.Error):
        raise Malformed("the body is not a table in UTF-8") from None
    for row in rows[1:]:
        yield Leaf((EACH,), None)
        for name, value in zip(rows[0], row, strict=False):
            yield Leaf((EACH, name), value)


def query_parameters(query: bytes) -> list[tuple[str, str]]:
    """The parameters of a query as it stands in a target; what is broken is left out."""
    try:
        return parse_qsl(query.decode(), max_num_fields=MOST_ELEMENTS, errors="strict")
    except (UnicodeDecodeError, ValueError):
        return []


_IN_PARTS = type(find_codec("multipart/form-data", {"boundary": "-"}))
_READERS: dict[type[object], Callable[[bytes], Iterator[Leaf]]] = {
    type(codec): reader
    for media_type, reader in (
        ("application/json", json_leaves),
        ("application/merge-patch+json", json_leaves),
        ("application/json-patch+json", patch_leaves),
        ("application/xml", xml_leaves),
        ("application/x-ndjson", ndjson_leaves),
        ("application/x-www-form-urlencoded", form_leaves),
        ("text/csv", csv_leaves),
    )
    if (codec := find_codec(media_type)) is not None
}


def leaves_of(headers: Headers, body: bytes) -> Iterator[Leaf] | None:
    """The leaves of a body sent with `headers`; None where its format cannot be walked."""
    codec = body_codec(headers)
    is_in_parts = isinstance(codec, _IN_PARTS)
    reader = _READERS.get(type(codec))
    if reader is None and not is_in_parts:
        return None
    try:
        plain = decode(body, codings_of(headers), LONGEST_DECODED)
    except UnknownCoding:
        return None
    if reader is None:
        return _walk(form_in_parts(plain, header_values(headers, b"content-type")[0]))
    return reader(plain)
