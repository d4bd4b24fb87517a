# SPDX-License-Identifier: Apache-2.0
"""Raw HTTP, as it is typed, copied and captured."""

import pytest

from sidecar.errors import Misconfigured
from sidecar.recorded import read_raw

HEAD = b"PUT /customers/1?x=%20 HTTP/1.1\r\nHost: CRM.internal:8080\r\nX-Tenant-Id: acme\r\n"


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_request_is_read_whatever_its_lines_end_in(end: bytes) -> None:
    read = read_raw(HEAD.replace(b"\r\n", end) + end + b'{"a":\r\n1}')
    assert read.head.method == b"PUT"
    assert (read.head.authority, read.head.target) == ("crm.internal:8080", b"/customers/1?x=%20")
    assert read.head.headers[1] == (b"X-Tenant-Id", b"acme")
    assert read.body == b'{"a":\r\n1}'
    assert read.answer is None


def test_a_line_end_that_an_editor_put_is_no_body() -> None:
    assert read_raw(HEAD + b"\r\n{}\n").body == b"{}"
    assert read_raw(HEAD + b"Content-Length: 3\r\n\r\n{}\n\n").body == b"{}\n"
    assert read_raw(HEAD).body == b""


def test_an_absolute_target_goes_before_the_host() -> None:
    read = read_raw(b"GET https://crm.internal/a?b HTTP/1.1\nHost: other\n\n")
    assert (read.head.authority, read.head.target) == ("crm.internal:443", b"/a?b")


def test_the_target_keeps_its_bytes() -> None:
    for target in (b"/a/../b", b"//x", b"/a%2Fb", b"/a?b?c"):
        assert read_raw(b"GET " + target + b"\nHost: h:1\n\n").head.target == target


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "begins with METHOD TARGET"),
        (b"hello", "neither a curl command nor a HAR file"),
        (b"GET /\n\n", "no Host says where"),
        (b"GET /\nHost\n\n", "a header is written"),
        (b"GET /\nHost: h:x\n\n", "needs the URL of a store"),
        (b"POST /\nHost: h\nTransfer-Encoding: chunked\n\n", "without chunks"),
        (b"\xff\xff / HTTP/1.1\n\n", "begins with METHOD TARGET"),
    ],
)
def test_what_is_none_is_told_without_its_text(text: bytes, why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        read_raw(text)
