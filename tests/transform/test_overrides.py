# SPDX-License-Identifier: Apache-2.0
"""A request that asks to be taken for another falls under one rule in both readings, or none."""

import pytest

from sidecar.message import Refusal
from sidecar.rules import Mode, Place
from sidecar.transform import PASS, Hold
from sidecar.transform.overrides import other_readings
from tests.rules import samples
from tests.transform.rig import Rig, request

METHOD = b"X-HTTP-Method-Override"


def test_most_requests_have_one_reading() -> None:
    assert other_readings(request()) == []


def test_methods_and_targets_are_read_from_fields_and_query() -> None:
    lines = ((b"x-method-override", b" put "), (b"X-Original-URL", b"https://crm/orders?x"))
    head = request("/customers?_method=patch", "POST", "acme", *lines)
    assert set(other_readings(head)) == {
        (method, target)
        for method in ("POST", "PUT", "PATCH")
        for target in (b"/customers?_method=patch", b"/orders?x")
    }


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("/customers", (METHOD, b"POST")),
        ("/customers", (b"X-HTTP-Method", b"post")),
        ("/customers?a=1&_method=post", (b"X-A", b"1")),
        ("/customers?_metho%64=%50OST", (b"X-A", b"1")),
        ("/customers", (b"X_HTTP_Method_Override", b"POST")),
        ("/health", (b"X_Original_URL", b"/customers/c1")),
        ("/health", (b"X-Original-URL", b"/customers/c1")),
        ("/health", (b"X-Rewrite-URL", b"http://crm.internal:8080/customers/c1")),
        ("/health", (b"X-Original-URL", b"/x/../customers")),
        ("/customers/c1", (b"X-Original-URL", b"/health")),
        ("/customers/c1", (b"X-Original-URL", b"/customers/c2")),
    ],
)
async def test_what_would_get_past_its_rule_is_refused(
    rig: Rig, target: str, line: tuple[bytes, bytes]
) -> None:
    transform = rig.transform(rig.rule(routes=("POST /customers", "/customers/{id}"), record=None))
    refusal = transform.claim(request(target, "GET", "acme", line))
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code) == (400, "malformed")


@pytest.mark.parametrize("line", [(METHOD, b"PATCH"), (b"X-Original-URL", b"/customers/c1?x=1")])
async def test_another_reading_under_the_same_rule_is_held(
    rig: Rig, line: tuple[bytes, bytes]
) -> None:
    assert isinstance(rig.transform().claim(request("/customers/c1", "PUT", "acme", line)), Hold)


async def test_what_no_reading_protects_passes(rig: Rig) -> None:
    line = (METHOD, b"DELETE")
    assert rig.transform().claim(request("/orders", "POST", "acme", line)) is PASS
    elsewhere = request("/x/../y", "GET", "acme", (b"X-Original-URL", b"/customers"))
    assert rig.transform().claim(elsewhere._replace(authority="other.internal:80")) is PASS


@pytest.mark.parametrize(
    ("told", "is_refused"),
    [
        (b"/customers/c1", False),
        (b"/customers/c1?page=1", False),
        (b"/customers/c1?email=CANARY", True),
        (b"/customers/c1?ssn=CANARY", True),
        (b"/customers/c1?x=%zz", True),
        (b"/by/CANARY", True),
    ],
)
async def test_a_value_in_a_target_that_is_told_once_more_is_refused(
    rig: Rig,
    told: bytes,
    is_refused: bool,  # noqa: FBT001
) -> None:
    fields = (samples.field("ssn"), samples.field("email", Mode.EQUALITY))
    path = samples.field("email", Mode.EQUALITY, place=Place.PATH)
    routes = ("/customers/{id}", "GET /by/{email}")
    transform = rig.transform(rig.rule(*fields, routes=routes, outside=(path,), record=None))
    target = told.partition(b"?")[0].decode()
    head = request(target, "GET", "acme", (b"X-Original-URL", told))
    assert isinstance(transform.claim(head), Refusal) is is_refused
