# SPDX-License-Identifier: Apache-2.0
"""Any HTTP API whose documents travel in bodies: kind `rest`.

Where documents stand is what the rule's `documents` say; their format is what Content-Type says. A
body that might hide a field (unknown format, a part of a range) is refused. The record id of a
document stands in the document, in the path, or in both alike. What stands in heads is found by
`heads` and `query`. Bodies come here as they were before they were compressed.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from sidecar.backends.adapter import Value
from sidecar.backends.heads import HeadReader, Span, count_head_claims, splice
from sidecar.backends.media import body_codec, is_endless
from sidecar.backends.problem import problem
from sidecar.backends.query import Parameter, QueryReader, replace_values
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
from sidecar.backends.repair import repair_request, repair_response
from sidecar.codecs import Reading, Shape, Site, build_shape, find_codec, seems_a_patch
from sidecar.codecs.claims import count_claims, holds_envelope
from sidecar.envelope import MIN_DIGITS
from sidecar.errors import Malformed, SidecarError
from sidecar.fieldpath import FieldPath
from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.rules import DETERMINISTIC, IN_TARGET, Field, Mode, Requirement, Rule

PARTIAL_CONTENT = 206
_FIRST_ERROR = 400
_DIGIT = re.compile(rb"[0-9]")
_JSON = find_codec("application/json")
_NO_DOCUMENT = -2  # -1 numbers what stands outside of all


class _RecordId:
    """The tag of the place that names a document's record."""


_RECORD_ID: Final = _RecordId()

type _Tag = Field | Requirement | _RecordId


class _Request:
    """One request: values of its body and of its head."""

    misfits = ()  # refused by the reader

    def __init__(
        self, head: RequestHead, body: bytes, reading: Reading[_Tag] | None, query: bytes
    ) -> None:
        self.values: list[Value] = []
        self.claims = 0 if reading is None else reading.claims
        self._head = head
        self._body = body
        self._reading = reading
        self._query = query
        self._searched: dict[int, str] = {}
        self._spans: list[tuple[Span, bytes]] = []

    def replace(self, value: Value, lexeme: bytes) -> None:
        place = value.place
        if isinstance(place, Site) and self._reading is not None:
            self._reading.replace(place, lexeme)
        elif isinstance(place, Parameter):
            self._searched[place.position] = msgspec.json.decode(lexeme, type=str)
        elif isinstance(place, Span):
            self._spans.append((place, lexeme))

    def finish(self) -> tuple[RequestHead, bytes]:
        head = self._head
        target = head.target
        if self._spans:
            headers, target = splice(head.headers, target, self._spans)
            head = head._replace(headers=headers)
        if self._searched:
            path = target.partition(b"?")[0]
            target = b"%b?%b" % (path, replace_values(self._query, self._searched))
        body = self._body if self._reading is None else self._reading.render()
        changed = body is not self._body
        return repair_request(head, target, body, changed=changed), body


class _Response:
    """One answer: values of its body and of its head."""

    def __init__(self, head: ResponseHead, body: bytes, reading: Reading[_Tag] | None) -> None:
        self.values: list[Value] = []
        self.misfits: Sequence[str] = ()
        self.claims = int(holds_envelope(body)) if reading is None else reading.claims
        self._head = head
        self._body = body
        self._reading = reading
        self._spans: list[tuple[Span, bytes]] = []

    def replace(self, value: Value, lexeme: bytes) -> None:
        place = value.place
        if isinstance(place, Site) and self._reading is not None:
            self._reading.replace(place, lexeme)
        elif isinstance(place, Span):
            self._spans.append((place, lexeme))

    def finish(self) -> tuple[ResponseHead, bytes]:
        head = self._head
        if self._spans:
            head = head._replace(headers=splice(head.headers, b"", self._spans)[0])
        body = self._body if self._reading is None else self._reading.render()
        return repair_response(head, body, changed=body is not self._body), body


class _RestAdapter:
    """The backend bound to one rule."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule.name
        self._record = rule.record
        # Sealed digits look like any others, so nothing else would tell that they were handed out.
        self._has_digits = any(field.mode is Mode.DIGITS for field in rule.fields)
        in_query = [field for field in rule.outside if field.place in IN_TARGET]
        self._query = QueryReader((*rule.fields, *in_query))
        heads = HeadReader(rule)
        self._heads = None if heads.is_idle else heads
        self._is_whole = any(field.is_whole_body for field in rule.fields)
        self._reads_bodies = bool(rule.fields or rule.require)
        self._in_requests, self._in_responses = _shapes(rule)

    def read_request(
        self, head: RequestHead, variables: Mapping[str, str], query: bytes, body: bytes
    ) -> _Request:
        parameters = self._query.read(query) if query else ()
        reading = self._read_request_body(head, body) if body and self._reads_bodies else None
        request = _Request(head, body, reading, query)
        if reading is not None:
            request.values = self._values(reading, variables)
        for parameter in parameters:
            request.values.append(Value(parameter.field, parameter.lexeme, "", parameter))
            request.claims += count_claims(parameter.lexeme)
        if self._heads is not None:
            values = self._heads.read_request(head, variables)
            request.values += values
            request.claims += count_head_claims(head.headers, values)
        return request

    def read_response(
        self, head: ResponseHead, variables: Mapping[str, str], body: bytes
    ) -> _Response:
        if head.status == PARTIAL_CONTENT:
            raise UnreadableAnswer("the store answered with a part of a range")
        try:
            response = self._read_response_body(head, variables, body)
            if self._heads is not None:
                values = self._heads.read_response(head.headers)
                response.values += values
                response.claims += count_head_claims(head.headers, values)
        except (Malformed, Unbound) as error:
            raise UnreadableAnswer(f"the store's answer: {error.why}") from None
        return response

    def refusal(self, error: SidecarError) -> Refusal:
        return problem(error, self._rule)

    def _read_request_body(self, head: RequestHead, body: bytes) -> Reading[_Tag]:
        codec = body_codec(head.headers, is_whole=self._is_whole)
        if codec is None:
            raise UnsupportedMedia("no codec reads a body of this Content-Type")
        if codec is _JSON and _asks_to_patch(head) and seems_a_patch(body):
            raise UnsupportedMedia("a list of edits has values elsewhere than its paths say")
        reading = codec.read(body, self._in_requests)
        if reading.misfits:
            path = reading.misfits[0].path or "$"
            raise UnexpectedShape(f"an unexpected value stands at {path!r}")
        return reading

    def _read_response_body(
        self, head: ResponseHead, variables: Mapping[str, str], body: bytes
    ) -> _Response:
        codec = None
        if body and self._reads_bodies:
            codec = body_codec(head.headers, is_whole=self._is_whole)
        if codec is None:
            if is_endless(head.headers):
                raise Endless("the store answered with an event stream")
            if self._has_digits and head.status < _FIRST_ERROR and _may_hold_digits(body):
                raise UnreadableAnswer("sealed digits may stand in a format that no codec reads")
            return _Response(head, body, None)
        reading = codec.read(body, self._in_responses)
        response = _Response(head, body, reading)
        response.values = self._values(reading, variables)
        # A scalar where a document might stand (`true`, `"OK"`) is an answer without one.
        response.misfits = [misfit.path for misfit in reading.misfits if misfit.in_document]
        return response

    def _values(self, reading: Reading[_Tag], variables: Mapping[str, str]) -> list[Value]:
        """The designated values of a body, each with the record that its document is bound to."""
        found = []
        ids: dict[int, bytes] = {}
        for site in reading.sites:
            tag = site.tag
            if isinstance(tag, Field):
                if site.is_compared:
                    _check_comparison(tag, site)
                found.append((tag, site))
            elif isinstance(tag, Requirement):
                _check_requirement(tag, site.lexeme)
            elif ids.setdefault(site.document, site.lexeme) != site.lexeme:
                raise Unbound("a document tells two record ids")
        if self._record is None:
            return [Value(field, site.lexeme, "", site) for field, site in found]
        in_path = variables.get(self._record)
        values = []
        document, record = _NO_DOCUMENT, None
        for field, site in found:
            if field.mode in DETERMINISTIC:
                values.append(Value(field, site.lexeme, "", site))
                continue
            if site.document != document:
                document = site.document
                record = record_of(ids.get(document), in_path)
            values.append(Value(field, site.lexeme, record, site))
        return values


def _shapes(rule: Rule) -> tuple[Shape[_Tag], Shape[_Tag]]:
    """What matters in the bodies of requests and of answers."""
    tags: list[tuple[FieldPath, _Tag]] = [(field.path, field) for field in rule.fields]
    if any(field.is_whole_body for field in rule.fields):
        return build_shape((), (), tags), build_shape((), (), tags)
    if rule.record is not None:
        tags.append((record_path(rule.record), _RECORD_ID))
    needs: list[tuple[FieldPath, _Tag]] = [(need.path, need) for need in rule.require]
    in_requests = build_shape(rule.documents.request, tags, needs, wary=True)
    return in_requests, build_shape(rule.documents.response, tags)


def _asks_to_patch(head: RequestHead) -> bool:
    """Whether a store may take the method for PATCH, by itself or as another field overrides it."""
    if head.method == b"PATCH" or any(value.upper() == b"PATCH" for _, value in head.headers):
        return True
    return b"_method=patch" in unquote_to_bytes(head.target).lower()


def _may_hold_digits(body: bytes) -> bool:
    """Whether sealed digits might stand in a body of an unknown format; `OK` holds none."""
    return not body.isascii() or len(_DIGIT.findall(body)) >= MIN_DIGITS


def _check_comparison(field: Field, site: Site[_Tag]) -> None:
    """A store that is only asked for a value has to find it."""
    is_kept = site.lexeme == b"null" and field.null == "keep"
    if field.mode not in DETERMINISTIC and not is_kept:
        raise NotSearchable(f"the request compares a value of {field.name!r}, which is sealed")


def _check_requirement(requirement: Requirement, lexeme: bytes) -> None:
    value = find_text(lexeme)
    if value is None or requirement.pattern.fullmatch(value) is None:
        path = str(requirement.path)
        raise RequirementFailed(f"the text at {path!r} does not match what the rule requires")


class Rest:
    """The backend."""

    kind = "rest"

    def bind(self, rule: Rule) -> _RestAdapter:
        return _RestAdapter(rule)


BACKEND = Rest()
