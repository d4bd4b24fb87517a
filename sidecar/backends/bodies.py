# SPDX-License-Identifier: Apache-2.0
"""Designated values in bodies, and the records that their documents are bound to.

Where documents stand is what the rule's `documents` say; their format is what Content-Type says.
The record id of a document stands in the document, in the path, or in both alike.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from sidecar.backends.adapter import Value
from sidecar.backends.media import body_codec, codec_of, is_endless
from sidecar.backends.records import find_text, record_of, record_path
from sidecar.backends.refusals import (
    Endless,
    NotSearchable,
    RequirementFailed,
    Unbound,
    UnexpectedShape,
    UnreadableAnswer,
    UnsupportedMedia,
)
from sidecar.backends.silence import Silence
from sidecar.codecs import Codec, Reading, Shape, Site, build_shape, find_codec, seems_a_patch
from sidecar.codecs.places import SPARE_PLACES, check_places
from sidecar.envelope import MIN_DIGITS
from sidecar.fieldpath import FieldPath
from sidecar.message import REMEMBERED, RequestHead, ResponseHead
from sidecar.rules import DETERMINISTIC, Field, Mode, Requirement, Rule

_FIRST_ERROR = 400
_DIGIT = re.compile(rb"[0-9]")
_JSON = find_codec("application/json")
_NO_DOCUMENT = -2  # -1 numbers what stands outside of all


class _RecordId:
    """The tag of the place that names a document's record."""


_RECORD_ID: Final = _RecordId()

type Tag = Field | Requirement | _RecordId

type Found = tuple[Reading[Tag] | None, list[Value]]
"""A body, None where nothing is looked for in it, and its designated values."""


class BodyReader:
    """Finds what a rule designates in the bodies of its messages."""

    def __init__(self, rule: Rule) -> None:
        self._record = rule.record or ""
        # Sealed digits look like any others, so nothing else would tell that they were handed out.
        self._has_digits = any(field.mode is Mode.DIGITS for field in rule.fields)
        self._is_whole = any(field.is_whole_body for field in rule.fields)
        self._is_idle = not (rule.fields or rule.require)
        self._unbound = frozenset(
            field.name
            for field in rule.fields
            if rule.record is None or field.mode in DETERMINISTIC
        )
        self._in_requests, self._in_responses = _shapes(rule)
        self.silence = Silence(self._in_responses)

    def read_request(self, head: RequestHead, variables: Mapping[str, str], body: bytes) -> Found:
        """What goes to the store."""
        if self._is_idle or not body:
            return None, []
        codec, may_patch = _format_of(head, self._is_whole)
        if codec is None:
            raise UnsupportedMedia("no codec reads a body of this Content-Type")
        if may_patch and seems_a_patch(body):
            raise UnsupportedMedia("a list of edits has values elsewhere than its paths say")
        reading = codec.read(body, self._in_requests)
        if reading.misfits:
            path = reading.misfits[0].path or "$"
            raise UnexpectedShape(f"an unexpected value stands at {path!r}")
        check_places(reading.elements + len(reading.sites) + SPARE_PLACES)
        return reading, self._values(reading, variables)

    def read_response(self, head: ResponseHead, variables: Mapping[str, str], body: bytes) -> Found:
        """What comes from the store."""
        if body and not self._is_idle and (codec := codec_of(head, self._is_whole)) is not None:
            reading = codec.read(body, self._in_responses)
            return reading, self._values(reading, variables)
        if is_endless(head.headers):
            raise Endless("the store answered with an event stream")
        if self._has_digits and head.status < _FIRST_ERROR and _may_hold_digits(body):
            raise UnreadableAnswer("sealed digits may stand in a format that no codec reads")
        return None, []

    def _values(self, reading: Reading[Tag], variables: Mapping[str, str]) -> list[Value]:
        """The designated values of a body, each with the record that its document is bound to."""
        ids: dict[int, bytes] = {}
        for site in [site for site in reading.sites if site.tag is _RECORD_ID]:
            if ids.setdefault(site.document, site.lexeme) != site.lexeme:
                raise Unbound("a document tells two record ids")
        values = []
        unbound = self._unbound
        document, record = _NO_DOCUMENT, None
        for site in reading.sites:
            tag = site.tag
            if type(tag) is Field:
                if site.is_compared:
                    _check_comparison(tag, site)
                if tag.name in unbound:
                    values.append(Value(tag, site.lexeme, "", site))
                    continue
                if site.document != document:
                    document = site.document
                    record = record_of(ids.get(document), variables.get(self._record))
                values.append(Value(tag, site.lexeme, record, site))
            elif type(tag) is Requirement:
                _check_requirement(tag, site.lexeme)
        return values


def _shapes(rule: Rule) -> tuple[Shape[Tag], Shape[Tag]]:
    """What matters in the bodies of requests and of answers."""
    tags: list[tuple[FieldPath, Tag]] = [(field.path, field) for field in rule.fields]
    if any(field.is_whole_body for field in rule.fields):
        return build_shape((), (), tags), build_shape((), (), tags)
    if rule.record is not None:
        tags.append((record_path(rule.record), _RECORD_ID))
    needs: list[tuple[FieldPath, Tag]] = [(need.path, need) for need in rule.require]
    in_requests = build_shape(rule.documents.request, tags, needs, wary=True)
    return in_requests, build_shape(rule.documents.response, tags)


@lru_cache(REMEMBERED)
def _format_of(head: RequestHead, is_whole: bool) -> tuple[Codec | None, bool]:  # noqa: FBT001 - keys of a cache
    """The codec of a request's body, and whether the store may take that for a patch as well."""
    codec = body_codec(head.headers, is_whole=is_whole)
    return codec, codec is _JSON and _asks_to_patch(head)


def _asks_to_patch(head: RequestHead) -> bool:
    """Whether a store may take the method for PATCH, by itself or as another field overrides it."""
    if head.method == b"PATCH" or any(value.upper() == b"PATCH" for _, value in head.headers):
        return True
    return b"_method=patch" in unquote_to_bytes(head.target).lower()


def _may_hold_digits(body: bytes) -> bool:
    """Whether sealed digits might stand in a body of an unknown format; `OK` holds none."""
    return not body.isascii() or len(_DIGIT.findall(body)) >= MIN_DIGITS


def _check_comparison(field: Field, site: Site[Tag]) -> None:
    """A store that is only asked for a value has to find it."""
    is_kept = site.lexeme == b"null" and field.null == "keep"
    if field.mode not in DETERMINISTIC and not is_kept:
        raise NotSearchable(f"the request compares a value of {field.name!r}, which is sealed")


def _check_requirement(requirement: Requirement, lexeme: bytes) -> None:
    value = find_text(lexeme)
    if value is None or requirement.pattern.fullmatch(value) is None:
        path = str(requirement.path)
        raise RequirementFailed(f"the text at {path!r} does not match what the rule requires")
