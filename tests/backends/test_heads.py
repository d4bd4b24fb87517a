# SPDX-License-Identifier: Apache-2.0
"""Values in heads are found in one place or refused, and put back alone."""

import dataclasses

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.backends import Value
from sidecar.backends.heads import HeadReader, Span, count_head_claims, splice
from sidecar.errors import CannotOpen, Malformed
from sidecar.message import Headers, RequestHead
from sidecar.rules import Mode, Place, compile_rules
from sidecar.rules.model import RuleSet
from tests.rules import samples

RULE = samples.rule(
    "/customers", "/customers/{id}", "GET /by/{email}/**", "/by/{id}/{email}", "/by/x/{email}",
    fields=(), lookup_keys=(b"edk",),
    outside=(
        samples.field("x-phone", place=Place.HEADER),
        samples.field("mail", place=Place.COOKIE),
        samples.field("email", Mode.EQUALITY, place=Place.PATH),
    ),
)  # fmt: skip
READER = HeadReader(RULE)


def request(*lines: tuple[bytes, bytes], target: bytes = b"/customers") -> RequestHead:
    return RequestHead(b"GET", target, samples.HOST, lines)


def read(*lines: tuple[bytes, bytes]) -> list[Value]:
    return READER.read_request(request(*lines), {})


def replaced(
    values: list[Value], headers: Headers, target: bytes, text: str
) -> tuple[object, bytes]:
    edits = [(value.place, msgspec.json.encode(text)) for value in values]
    return splice(headers, target, edits)  # type: ignore[arg-type]


class TestHeaders:
    def test_a_line_is_the_value_whatever_its_name_looks_like(self) -> None:
        lines = ((b"X-A", b"1"), (b"x-PHONE", b'"1, 2"; q=3'), (b"X-B", b"2"))
        (value,) = read(*lines)
        assert (value.lexeme, value.record) == (msgspec.json.encode('"1, 2"; q=3'), "")
        headers, _ = replaced([value], lines, b"/", "enc:1:x")
        assert headers == (lines[0], (b"x-PHONE", b"enc:1:x"), lines[2])

    @pytest.mark.parametrize(
        "lines",
        [
            ((b"X-Phone", b"1"), (b"x-phone", b"1")),
            ((b"X_Phone", b"1"),),
            ((b"XPhone", b"1"),),
            ((b"X.Phone", b"1"),),
            ((b"X-Phone", b"\xff"),),
        ],
    )
    def test_one_that_reads_in_two_ways_is_refused(self, lines: Headers) -> None:
        with pytest.raises(Malformed):
            read(*lines)

    def test_every_line_of_an_answer_is_a_value(self) -> None:
        values = READER.read_response(((b"X-Phone", b"1"), (b"x-phone", b"2"), (b"X_Phone", b"3")))
        assert [value.lexeme for value in values] == [b'"1"', b'"2"']

    @pytest.mark.parametrize("text", ["a\r\nSet-Cookie: x=1", "a\nb", "a\0", " a", "a\t", "\x7f"])
    def test_no_opened_value_breaks_out_of_its_line(self, text: str) -> None:
        lines = ((b"X-Phone", b"enc:1:x"),)
        with pytest.raises(CannotOpen):
            replaced(READER.read_response(lines), lines, b"", text)


class TestCookies:
    @given(
        before=st.sampled_from([b"", b"a=1; ", b"a; ", b";; ", b'a="x"; ']),
        after=st.sampled_from([b"", b"; b=2", b";b=", b";", b"; c=mail=2"]),
        space=st.sampled_from([b"", b" "]),
    )
    def test_a_value_stands_behind_its_name(
        self, before: bytes, after: bytes, space: bytes
    ) -> None:
        line = (b"cookie", b"%bmail=%bv=1%b" % (before, space, after))
        (value,) = read(line)
        assert value.lexeme == b'"v=1"'
        headers, _ = replaced([value], (line,), b"/", "enc:1:x")
        assert headers == ((b"cookie", b"%bmail=%benc:1:x%b" % (before, space, after)),)

    @pytest.mark.parametrize(
        "values",
        [
            [b"mail=1; mail=2"], [b"mail=1", b"mail=2"], [b"mail"], [b"Mail=1"], [b"ma-il=1"],
            [b'a="x; mail=1"'], [b'mail="x'], [b'mail=a"b'], [b"mail=\xff"], [b' MAIL ="1"'],
            [b"a=1, mail=1"], [b"a=1 mail=1"], [b"a=1\tmail=1"], [b'"mail"=1'], [b"=mail=1"],
            [b"mail[0]=1"], [b"m%61il=1"], [b"a=1%20mail=2"], [b"\\mail=1"],
        ],
    )  # fmt: skip
    def test_one_that_reads_in_two_ways_is_refused(self, values: list[bytes]) -> None:
        with pytest.raises(Malformed):
            read(*[(b"Cookie", value) for value in values])

    def test_what_a_store_sets_keeps_its_attributes(self) -> None:
        lines = ((b"Set-Cookie", b"mail=1; Path=/; mail=2"), (b"Set-Cookie", b"a=mail"))
        (value,) = READER.read_response(lines)
        assert value.lexeme == b'"1"'
        headers, _ = replaced([value], lines, b"", "ann")
        assert headers == ((b"Set-Cookie", b"mail=ann; Path=/; mail=2"), lines[1])
        for text in ("a; Domain=evil", "a\r\nX: y", " a"):
            with pytest.raises(CannotOpen):
                replaced([value], lines, b"", text)

    @pytest.mark.parametrize("pair", [b"mail=", b'mail=""', b"mail = ", b"mail"])
    def test_a_store_takes_a_cookie_away(self, pair: bytes) -> None:
        assert READER.read_response(((b"Set-Cookie", pair + b"; Max-Age=0"),)) == []


class TestPaths:
    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            (b"/by/a%40b/x/y?email=c", b"/by/enc:1:%2F/x/y?email=c"),
            (b"/by/a@b/", b"/by/enc:1:%2F/"),
            (b"/by/x/a%40b", b"/by/x/enc:1:%2F"),
            (b"/by/%78/a@b", b"/by/%78/enc:1:%2F"),
        ],
    )
    def test_a_variable_is_its_segment(self, target: bytes, expected: bytes) -> None:
        match = compile_rules(RuleSet((RULE,))).find(samples.HOST, "GET", target)
        assert match is not None
        values = READER.read_request(request(target=target), match.variables)
        assert [value.lexeme for value in values] == [b'"a@b"']
        assert replaced(values, (), target, "enc:1:/")[1] == expected

    def test_it_is_that_of_the_route_that_the_plan_found(self) -> None:
        routes = [*RULE.routes]
        for target in (b"/by/x/x", b"/by/y/y", b"/by/x", b"/by/x/x/x"):
            match = compile_rules(RuleSet((RULE,))).find(samples.HOST, "GET", target)
            assert match is not None
            for order in (routes, routes[::-1]):
                reader = HeadReader(dataclasses.replace(RULE, routes=tuple(order)))
                values = reader.read_request(request(target=target), match.variables)
                told = replaced(values, (), target, "new")[1]
                again = compile_rules(RuleSet((RULE,))).find(samples.HOST, "GET", told)
                assert again is not None
                assert again.variables == match.variables | {"email": "new"}

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (b"/by/enc:1:x/r/s?a=enc:1:x#f", b"/by/a%40b/r/s?a=enc:1:x#f"),
            (b"HTTPS://crm:80/by/x/enc%3A1%3Ax", b"HTTPS://crm:80/by/x/a%40b"),
            (b"/by/plain/rest", None),
            (b"/customers/enc:1:x", None),
            (b"/elsewhere/enc:1:x", None),
            (b"by/enc:1:x", None),
            (b"//crm/by/enc:1:x", None),
            (b"", None),
        ],
    )
    def test_what_a_store_tells_of_a_path_is_opened(
        self, value: bytes, expected: bytes | None
    ) -> None:
        lines = ((b"X-A", b"1"), (b"Location", value))
        values = READER.read_response(lines)
        assert replaced(values, lines, b"", "a@b")[0] == (
            lines[0],
            (b"Location", expected or value),
        )

    def test_a_route_without_the_variable_has_no_value(self) -> None:
        assert READER.read_request(request(target=b"/customers/c1"), {"id": "c1"}) == []


def test_claims_are_counted_in_lines_cookies_and_variables() -> None:
    claim = b"enc:1:x"
    lines = (
        (b"X-A", claim), (b"X-B", b"a " + claim), (b"Cookie", b"a=1; b=%b" % claim),
        (b"Set-Cookie", b'a="%b"; Path=/' % claim), (b"X-Phone", claim),
    )  # fmt: skip
    span = Span(-1, 0, 1, bytes)
    value = Value(samples.field("email"), b'"enc:1:x"', "", span)
    assert count_head_claims(lines, [value]) == 5
    assert count_head_claims(((b"X", b"enc"),), []) == 0


def test_a_rule_of_bodies_alone_has_nothing_to_read_in_heads() -> None:
    assert HeadReader(samples.rule()).is_idle
    assert not READER.is_idle
