# SPDX-License-Identifier: Apache-2.0
"""Any HTTP API whose documents travel in bodies: kind `rest`.

Values stand in bodies (`bodies`), in queries (`query`) and in heads (`heads`); each of these finds
its own, and one message puts them back. What might hide a field (an unknown format, a part of a
range) is refused. Bodies come here as they were before they were compressed.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from sidecar.backends.adapter import Edits, Value
from sidecar.backends.bodies import BodyReader, Tag
from sidecar.backends.heads import HeadReader, Span, count_head_claims, splice
from sidecar.backends.problem import problem
from sidecar.backends.query import Parameter, QueryReader, replace_values
from sidecar.backends.refusals import Unbound, UnreadableAnswer
from sidecar.backends.repair import repair_request, repair_response
from sidecar.backends.silence import PARTIAL_CONTENT
from sidecar.codecs import Reading
from sidecar.codecs.claims import count_claims, holds_envelope
from sidecar.errors import Malformed, SidecarError
from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.rules import IN_TARGET, Rule


class _Request(msgspec.Struct):
    """One request: values of its body, of its query and of its head."""

    misfits: ClassVar[Sequence[str]] = ()  # refused by the reader

    values: list[Value]
    claims: int
    head: RequestHead
    body: bytes
    reading: Reading[Tag] | None
    query: bytes
    has_others: bool = False
    """Whether some values stand elsewhere than in the body."""

    def __repr__(self) -> str:
        return f"<request with {len(self.values)} values>"

    def finish(self, edits: Edits = ()) -> tuple[RequestHead, bytes]:
        head, body = self.head, self.body
        if self.has_others:
            edits, spans, searched = _parted(edits)
            headers, target = splice(head.headers, head.target, spans)
            if searched:
                path = target.partition(b"?")[0]
                target = b"%b?%b" % (path, replace_values(self.query, searched))
            head = replace(head, headers=headers, target=target)
        if self.reading is not None:
            body = self.reading.render(edits)
        return repair_request(head, body, changed=body is not self.body), body


class _Response(msgspec.Struct):
    """One answer: values of its body and of its head."""

    values: list[Value]
    misfits: list[str]
    claims: int
    head: ResponseHead
    body: bytes
    reading: Reading[Tag] | None
    has_others: bool = False

    def __repr__(self) -> str:
        return f"<answer with {len(self.values)} values>"

    def finish(self, edits: Edits = ()) -> tuple[ResponseHead, bytes]:
        head, body = self.head, self.body
        if self.has_others:
            edits, spans, _ = _parted(edits)
            head = replace(head, headers=splice(head.headers, b"", spans)[0])
        if self.reading is not None:
            body = self.reading.render(edits)
        return repair_response(head, body is not self.body), body


def _parted(edits: Edits) -> tuple[Edits, list[tuple[Span, bytes]], dict[int, str]]:
    """Those in the body, those in the head, and the texts in the query by their position."""
    in_body = []
    in_head = []
    in_query = {}
    for place, lexeme in edits:
        if isinstance(place, Span):
            in_head.append((place, lexeme))
        elif isinstance(place, Parameter):
            in_query[place.position] = msgspec.json.decode(lexeme, type=str)
        else:
            in_body.append((place, lexeme))
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
        reading, values = self._bodies.read_request(head, variables, body)
        claims = 0 if reading is None else reading.claims
        if not parameters and self._heads is None:
            return _Request(values, claims, head, body, reading, query)
        for parameter in parameters:
            values.append(Value(parameter.field, parameter.lexeme, "", parameter))
            claims += count_claims(parameter.lexeme)
        if self._heads is not None:
            found = self._heads.read_request(head, variables)
            values += found
            claims += count_head_claims(head.headers, found)
        return _Request(values, claims, head, body, reading, query, has_others=True)

    def is_silent(self, head: ResponseHead, body: bytes) -> bool:
        return self._heads is None and self._bodies.silence.covers(head, body)

    def read_response(
        self, head: ResponseHead, variables: Mapping[str, str], body: bytes
    ) -> _Response:
        if head.status == PARTIAL_CONTENT:
            raise UnreadableAnswer("the store answered with a part of a range")
        try:
            reading, values = self._bodies.read_response(head, variables, body)
            if reading is None:
                misfits, claims = [], int(holds_envelope(body))
            else:
                # A scalar where a document might stand (`true`, `"OK"`) is an answer without one.
                misfits = [misfit.path for misfit in reading.misfits if misfit.in_document]
                claims = reading.claims
            if self._heads is None:
                return _Response(values, misfits, claims, head, body, reading)
            found = self._heads.read_response(head.headers)
            claims += count_head_claims(head.headers, found)
            return _Response(values + found, misfits, claims, head, body, reading, has_others=True)
        except (Malformed, Unbound) as error:
            raise UnreadableAnswer(f"the store's answer: {error.why}") from None

    def refusal(self, error: SidecarError) -> Refusal:
        return problem(error, self._rule)


class Rest:
    """The backend."""

    kind = "rest"

    def bind(self, rule: Rule) -> _RestAdapter:
        return _RestAdapter(rule)


BACKEND = Rest()
