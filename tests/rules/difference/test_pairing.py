# SPDX-License-Identifier: Apache-2.0
"""Which requests two rules share: whole paths, each method, every host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import Malformed
from sidecar.rules import Plan, Route, Store
from sidecar.rules.difference.pairing import covers, pair
from tests.rules import samples


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/a/{x}", "/a/{y}", True),
        ("/a/{x}", "/a/b", True),
        ("/a/b", "/a/{x}", False),
        ("/a/**", "/a", True),
        ("/a/**", "/a/b/{c}/**", True),
        ("/a/{x}/**", "/a", False),
        ("/a/{x}/**", "/a/**", False),
        ("/a", "/a/**", False),
        ("/a", "/a/b", False),
        ("/a/b", "/a", False),
    ],
)
def test_a_route_covers_what_fits_it(one: str, other: str, *, expected: bool) -> None:
    assert covers(Route.parse(one), Route.parse(other)) is expected


SEGMENTS = st.lists(st.sampled_from(["a", "b", "{x}"]), max_size=3)
ROUTES = st.builds(
    lambda parts, rest: (
        "/" + "/".join([part.replace("x", f"x{n}") for n, part in enumerate(parts)] + ["**"] * rest)
    ),
    SEGMENTS,
    st.booleans(),
)


@given(ROUTES, ROUTES, st.lists(st.sampled_from("abc"), max_size=4))
def test_covering_is_what_finding_says(one: str, other: str, path: list[str]) -> None:
    """Whatever request a covered route holds, the one that covers it holds as well."""
    plans = [samples.plan(samples.rule(route)) for route in (one, other)]
    target = ("/" + "/".join(path)).encode()
    held = [bool(_find(plan, target)) for plan in plans]
    if covers(Route.parse(one), Route.parse(other)) and held[1]:
        assert held[0]


def _find(plan: Plan, target: bytes) -> object:
    try:
        return plan.find(samples.HOST, "GET", target)
    except Malformed:  # it differs from a route in its spelling, and fits none
        return None


def test_what_another_rule_holds_is_not_lost() -> None:
    old = samples.rule("/a", "/b")
    parts = [samples.rule(route, name=f"rule{route[1:]}") for route in ("/a", "/{any}")]
    pairs = pair(old, parts)
    assert len(pairs.rules) == 2
    assert pairs.lost == ()


def test_lost_methods_are_named() -> None:
    pairs = pair(samples.rule("/a"), [samples.rule("GET|PUT /a")])
    assert [str(held) for held in pairs.lost] == [f"any other method /a at {samples.HOST}"]
    pairs = pair(samples.rule("GET|DELETE /a"), [samples.rule("GET /a")])
    assert [str(held) for held in pairs.lost] == [f"DELETE /a at {samples.HOST}"]
    pairs = pair(samples.rule("GET /a"), [samples.rule("/a")])
    assert pairs.lost == ()


def test_a_lost_host_loses_each_of_its_routes() -> None:
    store = Store("crm", "rest", (samples.HOST, "replica:1"))
    pairs = pair(samples.rule("/a", "/b", store=store), [samples.rule("/a", "/b")])
    assert [str(held) for held in pairs.lost] == ["/a at replica:1", "/b at replica:1"]
