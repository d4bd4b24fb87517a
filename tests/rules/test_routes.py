# SPDX-License-Identifier: Apache-2.0
"""Route templates: what they may say, and when two of them can meet in one request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import Malformed, Misconfigured
from sidecar.rules import Route
from sidecar.rules.routes import fold
from tests.rules.samples import HOST, plan, rule


@pytest.mark.parametrize(
    "text", ["/", "/a", "/a/{id}/b", "/**", "/a/**", "GET /a", "GET|POST /a/{x}", "/客户/a:b"]
)
def test_a_route_says_what_it_was_parsed_from(text: str) -> None:
    assert str(Route.parse(text)) == text


def test_a_slash_at_the_end_says_nothing() -> None:
    assert Route.parse("/a/") == Route.parse("/a")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "begins with `/`"),
        ("a", "begins with `/`"),
        ("/" + "a" * 1024, "up to 1024 characters"),
        ("get /a", "methods are upper case"),
        ("GET POST /a", "methods are upper case"),
        ("GET, POST /a", "methods are upper case"),
        (" /a", "methods are upper case"),
        ("/a//b", "no empty"),
        ("/a/../b", "no empty"),
        ("/**/a", "only at the end"),
        ("/a/{id}/{id}", "stands twice"),
        ("/a/x{id}", "cannot stand in"),
        ("/a/{}", "cannot stand in"),
        ("/a/*", "cannot stand in"),
        ("/a%20b", "cannot stand in"),
        ("/a?b", "cannot stand in"),
        ("/a;b", "cannot stand in"),
        ("/a\\b", "cannot stand in"),
        ("/a\x00", "cannot stand in"),
    ],
)
def test_a_route_that_could_never_match_is_refused(text: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        Route.parse(text)


ROUTES = st.sampled_from(
    ["/", "/**", "/a", "/A", "/a/{x}", "/{x}", "/{x}/b", "/a/**", "GET /a", "PUT|GET /a/b", "/b"]
).map(Route.parse)


@given(
    ROUTES,
    ROUTES,
    st.sampled_from([b"/", b"/a", b"/A", b"/a/b", b"/a/B", b"/b", b"/b/b", b"/a/b/c", b"/c"]),
    st.sampled_from(["GET", "PUT", "get"]),
)
def test_routes_that_one_request_fits_meet(
    one: Route, other: Route, target: bytes, method: str
) -> None:
    assert one.meets(other) == other.meets(one)
    if _holds(one, method, target) and _holds(other, method, target):
        assert one.meets(other)


def _holds(route: Route, method: str, target: bytes) -> bool:
    try:
        return plan(rule(routes=(route,))).find(HOST, method, target) is not None
    except Malformed:
        return True


@pytest.mark.parametrize(
    "text", ["Customers", "customers.", "customers ", "\uff43ustomers", "cu\u017ftomers"]
)
def test_a_careless_store_sees_no_difference(text: str) -> None:
    assert fold(text) == fold("customers")
