# SPDX-License-Identifier: Apache-2.0
"""A request falls under one rule in all its readings, or none, and tells no value past it."""

from typing import Any

import pytest
from msgspec.structs import replace

from sidecar.message import Refusal
from sidecar.rules import Mode, Phase, Place
from sidecar.transform import PASS, Hold
from tests.rules import samples
from tests.transform.rig import Rig, request

METHOD = b"X-HTTP-Method-Override"


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
    assert rig.transform().claim(replace(elsewhere, authority="other.internal:80")) is PASS


class TestToldTargets:
    """A value that is sealed in a target stands in no other field of a head."""

    FIELDS = (samples.field("ssn"), samples.field("email", Mode.EQUALITY))
    PATH = samples.field("email", Mode.EQUALITY, place=Place.PATH)
    ROUTES = ("/customers/{id}", "GET /by/{email}", "POST /found/{email}", "DELETE /gone/{email}")

    def claim(self, rig: Rig, target: str, line: tuple[bytes, bytes], **parts: Any) -> object:
        rule = rig.rule(
            *self.FIELDS, routes=self.ROUTES, outside=(self.PATH,), record=None, **parts
        )
        more = ((b"Host", b"crm.example"), line)
        return rig.transform(rule).claim(request(target, "GET", "acme", *more))

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
    @pytest.mark.parametrize("name", [b"X-Original-URL", b"Referer", b"X_Forwarded_Uri"])
    async def test_one_with_a_value_is_refused(
        self, rig: Rig, told: bytes, *, is_refused: bool, name: bytes
    ) -> None:
        claim = self.claim(rig, told.partition(b"?")[0].decode(), (name, told))
        assert isinstance(claim, Refusal) is is_refused

    @pytest.mark.parametrize(
        "page",
        [
            b"http://crm.example/by/CANARY",
            b"http://other.example/by/CANARY",
            b"/by/CANARY#top",
            b"http://crm.example/by%2fCANARY",
            b"http://crm.example/BY/CANARY",
            b"http://crm.example/found/CANARY",
            b"http://crm.example/customers/c1?filter[ssn]=CANARY",
        ],
    )
    @pytest.mark.parametrize("target", ["/customers/c1", "/static/app.js", "/by/other"])
    async def test_a_page_with_a_value_is_told_to_nobody(
        self, rig: Rig, target: str, page: bytes
    ) -> None:
        refusal = self.claim(rig, target, (b"Referer", page))
        assert isinstance(refusal, Refusal)
        assert (refusal.status, refusal.code) == (400, "malformed")
        assert b"CANARY" not in refusal.body

    @pytest.mark.parametrize(
        "page",
        [
            b"http://crm.example/",
            b"http://crm.example",
            b"http://crm.example/customers/c1",
            b"http://crm.example/static/index.html?theme=dark",
            b"http://other.example/a;b/%2f",
            b"http://crm.example/gone/x",
            b"about:blank",
        ],
    )
    async def test_other_pages_may_be_told(self, rig: Rig, page: bytes) -> None:
        assert isinstance(self.claim(rig, "/customers/c1", (b"Referer", page)), Hold)
        assert self.claim(rig, "/static/app.js", (b"Referer", page)) is PASS

    async def test_a_rule_that_only_observes_refuses_none(self, rig: Rig) -> None:
        line = (b"Referer", b"http://crm.example/by/CANARY")
        assert isinstance(self.claim(rig, "/customers/c1", line, phase=Phase.MONITOR), Hold)
