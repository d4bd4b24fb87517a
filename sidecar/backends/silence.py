# SPDX-License-Identifier: Apache-2.0
"""Answers that surely say nothing of what a rule names, so that nobody need look at them closer.

Most answers to writes are like that: `{"ok":true}`, a new id, a count. None of the names on the way
to a designated place stands in such a body, so no value stands there either, nor anything else
where a value was to be; and no envelope stands anywhere. Only what is short and plain is looked at
here, and whatever is in doubt is not silent: it goes the ordinary way, which finds the same. (It
refuses repeated names as well; here none of them is the rule's.)
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from sidecar.backends.media import codec_of
from sidecar.codecs import Shape, find_codec
from sidecar.codecs.json import MAX_DEPTH_OF_ANSWERS
from sidecar.message import ResponseHead
from sidecar.rules import Field

PARTIAL_CONTENT = 206
_JSON = find_codec("application/json")
_MOST_BYTES = 2 * MAX_DEPTH_OF_ANSWERS
"""Longer bodies could be nested too deep, and are as fast to read as to search for names."""
_check = msgspec.json.Decoder(msgspec.Raw).decode


class Silence:
    """What silent answers are for the rule whose answers have `shape`."""

    def __init__(self, shape: Shape[Any]) -> None:
        names = {name.encode() for name in _names(shape)}
        told = b"|".join(re.escape(name) for name in sorted(names))
        # A name may be spelled with escapes, and any text as well: whatever has one is not plain.
        self._speaks = re.compile(rb'\\|enc:|"(?:' + told + rb')"').search
        # A body that is one value has none; others begin with one, but perhaps not in every list.
        self._is_certain = bool(names) and not _has_nameless(shape)

    def covers(self, head: ResponseHead, body: bytes) -> bool:
        """Whether an answer is a JSON text with nothing in it of the rule's, and no envelope."""
        if not (self._is_certain and 0 < len(body) <= _MOST_BYTES and body.isascii()):
            return False
        if self._speaks(body) is not None:
            return False
        try:
            _check(body)
        except msgspec.DecodeError:
            return False
        return head.status != PARTIAL_CONTENT and codec_of(head) is _JSON


def _names(shape: Shape[Any]) -> Iterator[str]:
    for name, below in shape.members.items():
        if below.tag is None or isinstance(below.tag, Field):
            yield name  # and not of a record's id, which binds nothing where no value stands
        yield from _names(below)
    if shape.items is not None:
        yield from _names(shape.items)


def _has_nameless(shape: Shape[Any]) -> bool:
    """Whether lists alone lead to a place inside a document, as between those at `$` and `$[*][*]`.

    Whatever stands there in the place of a list has no name by which it could be told.
    """
    items = shape.items
    return items is not None and (items.in_document or _has_nameless(items))
