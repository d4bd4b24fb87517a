# SPDX-License-Identifier: Apache-2.0
"""The plan: which rule a request falls under, and that no spelling of a path slips by it."""

import gc
import re
import unicodedata
from urllib.parse import quote, unquote
from weakref import ref

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sidecar.errors import Malformed
from sidecar.rules import Match, Route
from tests.rules.samples import HOST, plan, rule

PLAN = plan(
    rule("/api/customers", "/api/customers/{id}", "POST|PUT /orders", "/archive/**", "/"),
)


def find(target: bytes, method: str = "GET", authority: str = HOST) -> Match | None:
    return PLAN.find(authority, method, target)


def is_held(target: bytes, method: str = "GET") -> bool:
    """Whether a request is claimed by a rule or refused, so that nothing plain gets past."""
    try:
        return find(target, method) is not None
    except Malformed:
        return True


def test_a_match_has_the_variables_decoded_and_the_query_as_it_came() -> None:
    match = find(b"/api/customers/a%20b%E5%AE%A2?x=%41&y")
    assert match is not None
    assert match.variables == {"id": "a b客"}
    assert match.query == b"x=%41&y"


@pytest.mark.parametrize(
    "target",
    [
        b"/api/customers",
        b"/api/customers/",
        b"/api/%63ustomers",
        b"/archive",
        b"/archive/a/b",
        b"/",
    ],
)
def test_one_path_in_its_good_spellings_is_matched(target: bytes) -> None:
    assert find(target) is not None


@pytest.mark.parametrize("target", [b"/api", b"/api/orders", b"/other/api/customers", b"/api/cust"])
def test_what_no_rule_names_is_none(target: bytes) -> None:
    assert find(target) is None


def test_another_host_has_no_rules_however_its_name_is_written() -> None:
    assert find(b"/api/customers", authority="other:8080") is None
    assert find(b"/api/customers", authority=HOST.upper()) is not None
    assert PLAN.protects(HOST.upper())
    assert not PLAN.protects("other:8080")


def test_a_route_with_methods_holds_for_them_alone() -> None:
    assert find(b"/orders", "POST") is not None
    assert find(b"/orders", "GET") is None
    with pytest.raises(Malformed):
        find(b"/orders", "post")


def test_the_most_specific_route_wins() -> None:
    found = plan(rule("/a/**", "/a/{x}", "/a/b", "/a/{x}/c", "/a/b/{y}"))
    for target, variables in {
        b"/a/b": {},
        b"/a/z": {"x": "z"},
        b"/a/z/c": {"x": "z"},
        b"/a/b/c": {"y": "c"},
        b"/a/z/z": {},
    }.items():
        match = found.find(HOST, "GET", target)
        assert match is not None
        assert match.variables == variables


def test_two_rules_share_a_path_by_method() -> None:
    found = plan(
        rule("GET /a", name="reading"),
        rule("POST /a", name="writing"),
    )
    for method, name in {"GET": "reading", "POST": "writing"}.items():
        match = found.find(HOST, method, b"/a")
        assert match is not None
        assert match.rule.name == name


TRICKS = {
    "case": b"/API/Customers",
    "case of the encoding": b"/api/%43ustomers",
    "dot segment": b"/api/./customers",
    "parent segment": b"/api/x/../customers",
    "encoded dots": b"/api/x/%2e%2E/customers",
    "half encoded dots": b"/api/x/.%2e/customers",
    "dots with a space": b"/api/x/..%20/customers",
    "wide dots": "/api/x/\uff0e\uff0e/customers".encode(),
    "encoded wide dots": b"/api/x/%EF%BC%8E%EF%BC%8E/customers",
    "empty segment": b"/api//customers",
    "leading empty segment": b"//api/customers",
    "two slashes at the end": b"/api/customers//",
    "encoded slash": b"/api%2Fcustomers",
    "encoded slash in lower case": b"/api%2fcustomers",
    "wide slash": b"/api%EF%BC%8Fcustomers",
    "backslash": b"/api\\customers",
    "encoded backslash": b"/api%5Ccustomers",
    "parameter": b"/api;v=1/customers",
    "parameter at the end": b"/api/customers;jsessionid=1",
    "encoded parameter": b"/api/customers%3Bx",
    "double encoding": b"/api/%2563ustomers",
    "triple encoding": b"/api/%252563ustomers",
    "double encoded slash": b"/api%252Fcustomers",
    "NUL": b"/api/customers%00",
    "NUL and a suffix": b"/api/customers%00.png",
    "space at the end": b"/api/customers%20",
    "dot at the end": b"/api/customers.",
    "encoded question mark": b"/api/customers%3Fx=1",
    "encoded fragment": b"/api/customers%23x",
    "fragment": b"/api/customers#x",
    "tab": b"/api/customers\t",
    "bare line feed": b"/api/customers%0a",
    "overlong": b"/api/%c1%a3ustomers",
    "overlong slash": b"/api%c0%afcustomers",
    "wide letters": b"/api/%EF%BD%83ustomers",
    "sign of Kelvin and long s": b"/api/cu%C5%BFtomers",
    "raw UTF-8": "/api/\uff43ustomers".encode(),
    "broken percent": b"/api/%6xustomers",
    "absolute form": b"http://crm.internal:8080/api/customers",
    "absolute form of another host": b"http://other/api/customers",
    "no slash": b"api/customers",
    "nothing": b"",
    "asterisk": b"*",
    "authority": b"crm.internal:8080",
}


@pytest.mark.parametrize("target", TRICKS.values(), ids=TRICKS)
def test_a_trick_is_refused(target: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        find(target)
    assert "customers" not in caught.value.why


def test_a_parameter_of_the_query_may_hold_anything_but_controls() -> None:
    assert find(b"/api/customers?x=../%2e;a//b") is not None
    with pytest.raises(Malformed):
        find(b"/api/customers?a b")


def readings_of_a_lenient_store(target: str) -> set[str]:
    """Every path that a store may make of a target: decoding up to three times, then tidying up."""
    readings = set()
    for _ in range(3):
        target = unquote(target, errors="replace")
        for form in (target, unicodedata.normalize("NFKC", target)):
            readings.add(_tidy(form))
    return readings


def _tidy(path: str) -> str:
    path = re.split(r"[?#\x00]", path, maxsplit=1)[0].replace("\\", "/")
    done: list[str] = []
    for part in path.split("/"):
        plain = part.partition(";")[0].strip()
        if plain == "..":
            del done[-1:]
        elif plain.strip("."):
            done.append(plain.rstrip(". ").casefold())
    return "/" + "/".join(done)


def some(*pieces: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=2).map("".join)


SLASH = st.sampled_from(
    [
        "/",
        "//",
        "/./",
        "/x/../",
        "/x/%2e%2e/",
        "%2F",
        "%252f",
        "\\",
        "%5c",
        "/;x/",
        "/x/..;/",
        "/%2e/",
        "/.%2e/x/",
        "%EF%BC%8F",
        "/x/%EF%BC%8E%EF%BC%8E/",
        "/x/..%20/",
        "/%20/",
        "/%00/",
    ]
)
API = st.sampled_from(["api", "API", "%61pi", "%2561pi", "a%70I", "\uff41pi", "%EF%BD%81pi"])
CUSTOMERS = st.sampled_from(
    [
        "customers",
        "Customers",
        "%63ustomers",
        "%2563ustomers",
        "cu\u017ftomers",
        "cu%C5%BFtomers",
        "\uff43ustomers",
        "%EF%BD%83ustomers",
        "custom%65rs",
        "customers%00x",
    ]
)
TAIL = some(";a=b", "%3b", "%00", "%20", ".", "%2e", "?x", "%3f", "#", "%23", "/", "%2f", "\\", "+")
SPELLINGS = st.tuples(SLASH, API, TAIL, SLASH, CUSTOMERS, TAIL).map("".join)


@given(SPELLINGS)
@example("/api/x/%EF%BC%8E%EF%BC%8E/customers")
@example("/api/x/..;/customers")
@example("/api%2Fcustomers%3F")
def test_no_spelling_that_a_lenient_store_takes_for_a_protected_path_gets_past(target: str) -> None:
    if "/api/customers" in readings_of_a_lenient_store(target):
        assert is_held(target.encode(), "POST")


@pytest.mark.parametrize(
    "name", ["case", "parent segment", "wide dots", "triple encoding", "encoded slash", "parameter"]
)
def test_the_lenient_store_is_lenient(name: str) -> None:
    assert "/api/customers" in readings_of_a_lenient_store(TRICKS[name].decode())


@given(
    st.lists(st.sampled_from("abA.%;\\ /é客"), max_size=6).map("".join),
    st.lists(st.sampled_from([*(chr(code) for code in range(33, 127)), "%"]), max_size=12),
)
def test_any_bytes_are_matched_passed_or_malformed(noise: str, more: list[str]) -> None:
    for target in (noise, "/" + noise, "/api/" + "".join(more)):
        is_held(target.encode())  # whatever else is raised fails the test


@given(st.text(min_size=1, max_size=12))
def test_an_id_of_one_segment_comes_out_as_it_was_or_is_refused(identifier: str) -> None:
    try:
        match = find(b"/api/customers/" + quote(identifier, safe="").encode())
    except (Malformed, UnicodeEncodeError):
        return
    assert match is not None
    assert match.variables == {"id": identifier}


def test_a_literal_is_written_decoded_and_found_encoded() -> None:
    found = plan(rule("/客户/{id}"))
    assert found.find(HOST, "GET", b"/%E5%AE%A2%E6%88%B7/1") is not None
    assert Route.parse("/客户/{id}").segments[0] == "客户"


@pytest.mark.parametrize(
    "target",
    [b"/api/customers.json", b"/api/Customers.XML", b"/api/customers.v2.json/", b"/orders.csv"],
)
def test_a_route_in_a_named_format_is_not_let_past(target: bytes) -> None:
    with pytest.raises(Malformed):
        find(target, "POST")


def test_a_format_that_a_route_names_is_matched_and_other_dots_pass() -> None:
    named = plan(rule("/customers", "/customers.json"))
    assert named.find(HOST, "GET", b"/customers.json") is not None
    assert find(b"/orders.csv", "GET") is None
    assert find(b"/openapi.json") is None


def test_a_plan_that_nobody_uses_goes_at_once_with_the_targets_that_it_remembers() -> None:
    """The host freezes what it starts with: what has to be collected then would never go."""
    replaced = plan(rule("/customers/{id}"))
    assert replaced.find(HOST, "GET", b"/customers/c1?ssn=CANARY")
    left = ref(replaced)
    gc.disable()
    try:
        del replaced
        assert left() is None
    finally:
        gc.enable()
