# SPDX-License-Identifier: Apache-2.0
"""Where a request goes, and that whatever somebody pastes is read or told in one sentence."""

import contextlib
from codecs import BOM_UTF8

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import Misconfigured
from sidecar.recorded import read_exchanges, split_url

PIECES = st.sampled_from(
    [
        *(
            b"curl ",
            b"-X PUT ",
            b"-H 'A: b' ",
            b"http://h:1/a ",
            b"--json '{}' ",
            b"-d @x ",
            b"\\\n",
        ),
        *(b"GET /a HTTP/1.1\n", b"Host: h\n", b"\n", b"A: b\r\n", b"\xff", b"'", b"$'\\x4", b"-u "),
        *(
            b'{"log":',
            b'{"entries":[',
            b"]",
            b"}",
            b",",
            b"-X \xff",
            b"http://h/\xff ",
            b"-H 'A: \xe9' ",
        ),
        b'{"request":{"method":"GET","url":"http://h/","headers":[]}}',
        b'"response":{"status":200,"content":{"encoding":"base64","text":"x"}}',
    ]
)
PASTED = st.binary(max_size=64) | st.lists(PIECES, max_size=10).map(b"".join)


@given(PASTED)
def test_whatever_is_pasted_is_read_or_told(data: bytes) -> None:
    with contextlib.suppress(Misconfigured):
        for exchange in filter(None, read_exchanges(data)):
            assert exchange.head.authority.rpartition(":")[2].isdigit()
            assert exchange.head.target.startswith(b"/")


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("http://CRM.internal/a", "crm.internal:80", b"/a"),
        ("https://crm.internal", "crm.internal:443", b"/"),
        ("crm.internal:8080/a?b=c#d", "crm.internal:8080", b"/a?b=c"),
        ("http://user:pass@h:1/%2F", "h:1", b"/%2F"),
        ("http://[::1]:8080/", "[::1]:8080", b"/"),
        ("http://h/a?", "h:80", b"/a"),
        ("http://h/ü", "h:80", "/ü".encode()),
    ],
)
def test_a_url_says_where_and_what(url: str, authority: str, target: bytes) -> None:
    assert split_url(url) == (authority, target)


@pytest.mark.parametrize("url", ["", "/a", "ftp://h/", "http://", "http://h:x/", "http://[::1/"])
def test_what_is_no_url_of_a_store_is_told(url: str) -> None:
    with pytest.raises(Misconfigured):
        split_url(url)


def test_a_listener_in_front_of_another_store_gets_the_same_request() -> None:
    (read,) = read_exchanges(b"curl http://127.0.0.1:18080/a")
    assert read is not None
    moved = read.sent_to("CRM.internal:8080")
    assert moved.head.authority == "crm.internal:8080"
    assert moved.head.target == read.head.target
    with pytest.raises(Misconfigured, match="has no port"):
        read.sent_to("crm.internal")


def test_a_byte_order_mark_in_front_does_not_count() -> None:
    for text in (b"GET /a HTTP/1.1\nHost: h\n\n", b"curl http://h/a"):
        (exchange,) = read_exchanges(BOM_UTF8 + text)
        assert exchange is not None
        assert (exchange.head.authority, exchange.head.target) == ("h:80", b"/a")
