# SPDX-License-Identifier: Apache-2.0
"""Heads as values, and what they do not print."""

from sidecar.message import (
    RequestHead,
    ResponseHead,
    find_header,
    header_values,
    without_headers,
)

HEADERS = ((b"X-One", b"1"), (b"x-TWO", b"2"), (b"X-ONE", b"3"))


def test_headers_are_found_in_any_case_and_in_order() -> None:
    assert find_header(HEADERS, b"x-one") == b"1"
    assert find_header(HEADERS, b"x-three") is None
    assert header_values(HEADERS, b"x-one") == [b"1", b"3"]
    assert header_values(HEADERS, b"x-three") == []
    assert without_headers(HEADERS, frozenset({b"x-one"})) == ((b"x-TWO", b"2"),)


def test_a_head_prints_neither_target_nor_headers() -> None:
    secret = ((b"Cookie", b"CANARY"),)
    shown = repr([RequestHead(b"GET", b"/?ssn=CANARY", "crm:80", secret)])
    assert "CANARY" not in shown + repr(ResponseHead(200, b"OK", secret))
    assert "crm:80" in shown
