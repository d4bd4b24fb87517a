# SPDX-License-Identifier: Apache-2.0
"""Why a rule does not hold, by what it asks for."""

import pytest

from sidecar.message import RequestHead
from sidecar.rehearsal.coverage import nearest_host, spell_path, stray_members, why_not
from sidecar.rules import RuleSet
from tests.rules import samples

RULE = samples.rule("GET|PUT /api/v1/customers/{id}", "/files/**")
RULES = RuleSet((RULE,))


@pytest.mark.parametrize(
    ("method", "target", "why"),
    [
        ("GET", "/api/v1/customer/1", "segment 3 of the path is another than 'customers'"),
        ("GET", "/api/v1/customers", "the path has 3 segments, the route 4"),
        ("GET", "/api/v1/customers/1/x", "the path has 5 segments, the route 4"),
        ("DELETE", "/api/v1/customers/1", "holds for other methods than DELETE"),
        ("GET", "/a/../b", "the path can be read in two ways"),
    ],
)
def test_the_nearest_route_says_what_differs(method: str, target: str, why: str) -> None:
    head = RequestHead(method.encode(), target.encode(), samples.HOST, ())
    assert why_not(RULE, head).endswith(why)


def test_another_host_goes_before_the_path() -> None:
    head = RequestHead(b"GET", b"/files/a", "other:1", ())
    assert why_not(RULE, head) == f"it is for {samples.HOST}"


def test_only_segments_that_rules_spell_out_are_told() -> None:
    target = b"/api/v1/customers/078-05-1120?canary"
    assert spell_path(RULES, target, show_values=False) == "/api/v1/customers/{…}"
    assert spell_path(RULES, target, show_values=True) == "/api/v1/customers/078-05-1120"
    assert "two ways" in spell_path(RULES, b"/a//b", show_values=True)


def test_the_nearest_host_is_a_guess() -> None:
    assert nearest_host(RULES, "127.0.0.1:8080") == samples.HOST
    assert nearest_host(RULES, samples.HOST) is None
    other = samples.rule(name="b", store=samples.Store("b", "rest", ("b.internal:9",)))
    two = RuleSet((RULE, other))
    assert nearest_host(two, "crm.internal:8081") == samples.HOST
    assert nearest_host(two, "elsewhere.example.com:1") is None


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"data":[{"ssn":1},{"ssn":2}]}', ["data[*].ssn"]),
        (b'{"a":{"ssn":1},"b":{"c":{"ssn":{"ssn":2}}}}', ["a.ssn", "b.c.ssn", "b.c.ssn.ssn"]),
        (b'{"ssns":1}', []),
        (b"not json", []),
        (b"[" * 100_000, []),
        (b'{"a":' * 50 + b'{"ssn":1}' + b"}" * 50, []),
    ],
)
def test_members_of_the_same_name_elsewhere_are_found(body: bytes, found: list[str]) -> None:
    assert stray_members(samples.field("ssn"), body) == found
