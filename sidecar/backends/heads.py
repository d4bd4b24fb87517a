# SPDX-License-Identifier: Apache-2.0
"""Designated values in heads: header fields, cookies, variables of the path.

Each is a span of bytes in one field line, or in the target; replacing splices those, so that every
other byte stays. A header is its line's whole value, a cookie what stands between `=` and `;` (RFC
6265 §5.2 and §5.4), a variable one segment of the path. Parameters of the query are `query`'s.

Refused in requests as readable in two ways: a header on two lines, a cookie given twice or with
stray quotes (older readers let `;` stand in quotes), names that look alike (`X_Phone` is `X-Phone`
to every CGI, `mail[0]` is `mail` to PHP), and a cookie's name inside another (older readers part
cookies by commas, Python's by spaces).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

import msgspec

from sidecar.backends.adapter import Value
from sidecar.codecs.claims import count_claims
from sidecar.codecs.spelling import fold
from sidecar.codecs.texts import to_lexeme, to_text
from sidecar.envelope import is_sealed_text
from sidecar.errors import CannotOpen, Malformed
from sidecar.message import Headers, RequestHead
from sidecar.rules import Field, Place, Route, Rule, read_target

TARGET = -1
_LOCATIONS = frozenset({"location", "content-location"})
_ORIGIN = re.compile(rb"(?:https?://[^/?#]*)?", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_NOT_IN_CGI = re.compile(r"[^0-9a-z]")
_COOKIE_NAMES = re.compile(r'(?:^=?|[\s,"\\])([^\s,="\\]+)["\s]*=')
_NO_COOKIE = re.compile(rb"[\x00-\x1f\x7f;]")


class Span(NamedTuple):
    """Bytes `start` to `end` of the value of field line `line`, or of the target."""

    line: int
    start: int
    end: int
    spell: Callable[[bytes], bytes]


class HeadReader:
    """Finds what a rule designates in the heads of its messages."""

    def __init__(self, rule: Rule) -> None:
        self._headers = _named(rule, Place.HEADER)
        self._cookies = _named(rule, Place.COOKIE)
        self._path = _named(rule, Place.PATH)
        self._routes = sorted(rule.routes, key=_vagueness)
        self._folded = {fold(name) for name in self._headers}
        self._folded_cookies = {fold(name) for name in self._cookies}

    @property
    def is_idle(self) -> bool:
        """Whether the rule designates nothing that this reads."""
        return not (self._headers or self._cookies or self._path)

    def read_request(self, head: RequestHead, variables: Mapping[str, str]) -> list[Value]:
        """The values that go to the store; Malformed where some might be overlooked."""
        values = [*self._in_path(head, variables)]
        for line, (name, value) in enumerate(head.headers):
            lower = name.lower().decode("latin-1")
            if lower == "cookie":
                values += self._in_cookies(line, value)
            elif lower in self._headers:
                values.append(_header(self._headers[lower], line, value))
            elif self._folded and fold(_NOT_IN_CGI.sub("-", lower)) in self._folded:
                raise Malformed("a header's name differs from a protected one only in spelling")
        places = [(value.field.place, value.field.path) for value in values]
        if len(set(places)) != len(places):
            raise Malformed("a protected header or cookie stands in the request twice")
        return values

    def read_response(self, headers: Headers) -> list[Value]:
        """The values that come from the store."""
        values = []
        for line, (name, value) in enumerate(headers):
            lower = name.lower().decode("latin-1")
            if lower in self._headers:
                values.append(_header(self._headers[lower], line, value))
            elif lower == "set-cookie":
                pair = value.partition(b";")[0]
                if pair.partition(b"=")[2].strip(b' \t"'):  # an empty one takes a cookie away
                    values += self._cookie(line, value, 0, len(pair))
            elif self._path and lower in _LOCATIONS:
                values += self._in_location(line, value)
        return values

    def _in_location(self, line: int, value: bytes) -> Iterator[Value]:
        """Sealed variables of a path that the store tells, so that the client can ask for it."""
        before = len(_ORIGIN.match(value)[0])  # type: ignore[index]  # it matches nothing as well
        path = re.split(rb"[?#]", value[before:])[0]
        try:
            segments, _ = read_target(path)
        except Malformed:
            return
        starts = _segments(path)
        for name, number in next((r.variables for r in self._routes if r.fits(None, segments)), ()):
            text = segments[number].encode()
            if name in self._path and is_sealed_text(text):
                start, end = (before + at for at in starts[number])
                span = Span(line, start, end, _spell_segment)
                yield Value(self._path[name], to_lexeme(text), "", span)

    def _in_path(self, head: RequestHead, variables: Mapping[str, str]) -> Iterator[Value]:
        if not self._path:
            return
        starts = _segments(head.target)
        numbers = dict(_route_of(self._routes, head).variables)
        for name, field in self._path.items():
            if name in variables:
                span = Span(TARGET, *starts[numbers[name]], _spell_segment)
                lexeme = msgspec.json.encode(variables[name])
                yield Value(field, lexeme, "", span)

    def _in_cookies(self, line: int, value: bytes) -> Iterator[Value]:
        at = 0
        for pair in value.split(b";"):
            yield from self._cookie(line, value, at, at + len(pair))
            at += len(pair) + 1

    def _cookie(self, line: int, value: bytes, start: int, end: int) -> Iterator[Value]:
        raw_name, equals, raw_value = value[start:end].partition(b"=")
        name = raw_name.strip(b" \t").decode("latin-1")
        field = self._cookies.get(name)
        if field is None:
            if self._cookies:
                self._check_names(value[start:end].decode("latin-1"))
            return
        text = raw_value.strip(b" \t")
        inner = text[1:-1] if len(text) > 1 and text[:1] == text[-1:] == b'"' else text
        if not equals or b'"' in inner:
            raise Malformed("a protected cookie has no value, or stray quotes in it")
        at = start + len(raw_name) + 1 + len(raw_value) - len(raw_value.lstrip(b" \t"))
        span = Span(line, at, at + len(text), _spell_cookie)
        yield Value(field, to_lexeme(text), "", span)

    def _check_names(self, pair: str) -> None:
        """Raise Malformed where some reader finds a protected cookie in one that is not."""
        for text in {pair, unquote(pair)}:
            for name in _COOKIE_NAMES.findall(text):
                if fold(name.partition("[")[0]) in self._folded_cookies:
                    raise Malformed("a cookie has a name that may be taken for a protected one")


def count_head_claims(headers: Headers, values: Iterable[Value]) -> int:
    """How many field lines, cookies and protected variables claim to be envelopes."""
    texts = (part for _, value in headers if b"enc:" in value for part in _texts(value))
    in_path = [value.lexeme for value in values if _is_in_target(value)]
    return sum(map(is_sealed_text, texts)) + sum(map(count_claims, in_path))


def splice(
    headers: Headers, target: bytes, edits: Iterable[tuple[Span, bytes]]
) -> tuple[Headers, bytes]:
    """Field lines and target with JSON values put in the places of spans."""
    lines = [*headers]
    for span, lexeme in sorted(edits, key=lambda edit: edit[0][:2], reverse=True):
        text = span.spell(to_text(lexeme))
        if span.line == TARGET:
            target = b"%b%b%b" % (target[: span.start], text, target[span.end :])
        else:
            name, value = lines[span.line]
            lines[span.line] = name, b"%b%b%b" % (value[: span.start], text, value[span.end :])
    return tuple(lines), target


def _is_in_target(value: Value) -> bool:
    return isinstance(value.place, Span) and value.place.line == TARGET


def _named(rule: Rule, place: Place) -> dict[str, Field]:
    return {str(each.path.steps[0]): each for each in rule.outside if each.place is place}


def _header(field: Field, line: int, value: bytes) -> Value:
    return Value(field, to_lexeme(value), "", Span(line, 0, len(value), _spell_header))


def _texts(value: bytes) -> Iterator[bytes]:
    """The value of a field line, and those of the cookies that it may be."""
    yield value
    for part in value.split(b";"):
        yield part.partition(b"=")[2].strip(b' \t"')


def _segments(target: bytes) -> list[tuple[int, int]]:
    """Where the segments of the path begin and end."""
    found = []
    at = 1
    for part in target.partition(b"?")[0][1:].split(b"/"):
        found.append((at, at + len(part)))
        at += len(part) + 1
    return found


def _vagueness(route: Route) -> tuple[int, ...]:
    """By this the first route that fits is the one by which the plan found the rule."""
    steps = [0 if isinstance(segment, str) else 1 for segment in route.segments]
    return (*steps, 2 if route.has_rest else 0)


def _route_of(routes: Iterable[Route], head: RequestHead) -> Route:
    segments, _ = read_target(head.target)
    method = head.method.decode("latin-1")
    return next(route for route in routes if route.fits(method, segments))


def _spell_header(text: bytes) -> bytes:
    if _CONTROL.search(text) or text != text.strip(b" \t"):
        raise CannotOpen
    return text


def _spell_cookie(text: bytes) -> bytes:
    if _NO_COOKIE.search(text) or text != text.strip(b" \t"):
        raise CannotOpen
    return text


def _spell_segment(text: bytes) -> bytes:
    return quote(text, safe=":").encode("ascii")
