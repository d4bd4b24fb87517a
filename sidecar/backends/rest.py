# SPDX-License-Identifier: Apache-2.0
"""Any HTTP API whose documents travel in bodies: kind `rest`.

Values stand in bodies (`bodies`), in queries (`query`) and in heads (`heads`); each of these finds
its own, and one message puts them back. What might hide a field (an unknown format, a part of a
range) is refused. Bodies come here as they were before they were compressed.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from sidecar.backends.adapter import Edits, Value
from sidecar.backends.bodies import BodyReader, Tag
from sidecar.backends.heads import HeadReader, Span, count_head_claims, splice
from sidecar.backends.problem import problem
from sidecar.backends.query import QueryReader, replace_values
from sidecar.backends.refusals import Unbound, UnreadableAnswer
from sidecar.backends.repair import repair_request, repair_response
from sidecar.codecs import Reading, Site
from sidecar.codecs.claims import count_claims, holds_envelope
from sidecar.errors import Malformed, SidecarError
from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.rules import IN_TARGET, Rule

_PARTIAL_CONTENT = 206

type _Edit[P] = tuple[P, bytes]


class _Request:
    """One request: values of its body, of its query and of its head."""

    misfits = ()  # refused by the reader

    def __init__(
        self,
        head: RequestHead,
        body: bytes,
        reading: Reading[Tag] | None,
        values: list[Value],
        query: bytes,
    ) -> None:
        self.values = values
        self.claims = 0 if reading is None else reading.claims
        self._head = head
        self._body = body
        self._reading = reading
        self._query = query

    def finish(self, edits: Edits = ()) -> tuple[RequestHead, bytes]:
        head = self._head
        in_body, spans, searched = _parted(edits)
        target = head.target
        if spans:
            headers, target = splice(head.headers, target, spans)
            head = replace(head, headers=headers)
        if searched:
            path = target.partition(b"?")[0]
            target = b"%b?%b" % (path, replace_values(self._query, searched))
        body = self._body if self._reading is None else self._reading.render(in_body)
        return repair_request(head, target, body, changed=body is not self._body), body


class _Response:
    """One answer: values of its body and of its head."""

    misfits: Sequence[str] = ()

    def __init__(
        self, head: ResponseHead, body: bytes, reading: Reading[Tag] | None, values: list[Value]
    ) -> None:
        self.values = values
        if reading is None:
            self.claims = int(holds_envelope(body))
        else:
            self.claims = reading.claims
            if reading.misfits:
                # A scalar where a document might stand (`true`, `"OK"`) is an answer without one.
                self.misfits = [misfit.path for misfit in reading.misfits if misfit.in_document]
        self._head = head
        self._body = body
        self._reading = reading

    def finish(self, edits: Edits = ()) -> tuple[ResponseHead, bytes]:
        head = self._head
        in_body, spans, _ = _parted(edits)
        if spans:
            head = replace(head, headers=splice(head.headers, b"", spans)[0])
        body = self._body if self._reading is None else self._reading.render(in_body)
        return repair_response(head, changed=body is not self._body), body


def _parted(edits: Edits) -> tuple[list[_Edit[Site[Tag]]], list[_Edit[Span]], dict[int, str]]:
    """Those in the body, those in the head, and texts in the query by their position."""
    in_body: list[_Edit[Site[Tag]]] = []
    in_head: list[_Edit[Span]] = []
    in_query: dict[int, str] = {}
    for value, lexeme in edits:
        place = value.place
        kind = type(place)
        if kind is Site:
            in_body.append((place, lexeme))
        elif kind is Span:
            in_head.append((place, lexeme))
        else:
            in_query[place.position] = msgspec.json.decode(lexeme, type=str)
    return in_body, in_head, in_query


class _RestAdapter:
    """The backend bound to one rule."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule.name
        in_query = [field for field in rule.outside if field.place in IN_TARGET]
        self._query = QueryReader((*rule.fields, *in_query))
        heads = HeadReader(rule)
        self._heads = None if heads.is_idle else heads
        self._bodies = BodyReader(rule)

    def read_request(
        self, head: RequestHead, variables: Mapping[str, str], query: bytes, body: bytes
    ) -> _Request:
        parameters = self._query.read(query) if query else ()
        reading = self._bodies.read_request(head, body) if body else None
        values = [] if reading is None else self._bodies.values(reading, variables)
        request = _Request(head, body, reading, values, query)
        for parameter in parameters:
            values.append(Value(parameter.field, parameter.lexeme, "", parameter))
            request.claims += count_claims(parameter.lexeme)
        if self._heads is not None:
            found = self._heads.read_request(head, variables)
            values += found
            request.claims += count_head_claims(head.headers, found)
        return request

    def is_silent(self, head: ResponseHead, body: bytes) -> bool:
        if self._heads is not None or head.status == _PARTIAL_CONTENT:
            return False
        return self._bodies.is_silent(head, body)

    def read_response(
        self, head: ResponseHead, variables: Mapping[str, str], body: bytes
    ) -> _Response:
        if head.status == _PARTIAL_CONTENT:
            raise UnreadableAnswer("the store answered with a part of a range")
        try:
            reading = self._bodies.read_response(head, body)
            values = [] if reading is None else self._bodies.values(reading, variables)
            response = _Response(head, body, reading, values)
            if self._heads is not None:
                found = self._heads.read_response(head.headers)
                values += found
                response.claims += count_head_claims(head.headers, found)
        except (Malformed, Unbound) as error:
            raise UnreadableAnswer(f"the store's answer: {error.why}") from None
        return response

    def refusal(self, error: SidecarError) -> Refusal:
        return problem(error, self._rule)


class Rest:
    """The backend."""

    kind = "rest"

    def bind(self, rule: Rule) -> _RestAdapter:
        return _RestAdapter(rule)


BACKEND = Rest()
