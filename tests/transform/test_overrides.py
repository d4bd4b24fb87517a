# SPDX-License-Identifier: Apache-2.0
"""What a request may be taken for, and the targets that its fields tell."""

import pytest

from sidecar.transform.overrides import other_readings, told_targets
from tests.transform.rig import request


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


@pytest.mark.parametrize("query", ["?_method=put", "?x&_method=put&y", "?x;_method=put;y"])
def test_a_method_in_the_query_stands_between_either_separator(query: str) -> None:
    readings = other_readings(request(f"/customers{query}", "POST"))
    assert [method for method, _ in readings] == ["POST", "PUT"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"/by/x?y#z", [(b"/by/x?y", True)]),
        (b"https://crm.internal:8080/by/x", [(b"/by/x", True)]),
        (b"HTTP://CRM.example/?y", [(b"/?y", True)]),
        (b"//crm.example/by/x", [(b"/by/x", True)]),
        (b"http://other.example/by/x", [(b"/by/x", False)]),
        (b"https://crm.example", []),
        (b"https://crm.example#by/x", []),
        (b"", []),
    ],
)
def test_what_a_field_tells_is_a_target(value: bytes, told: list[tuple[bytes, bool]]) -> None:
    for name in (b"Referer", b"destination", b"X_Original_URI"):
        head = request("/", "GET", "acme", (b"Host", b"crm.example"), (name, value))
        assert [*told_targets(head)] == told
    assert [*told_targets(request("/", "GET", "acme", (b"X-Page", value)))] == []
