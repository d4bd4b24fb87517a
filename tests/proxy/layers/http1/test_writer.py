# SPDX-License-Identifier: Apache-2.0
"""Heads of our own, read again by h11."""

import pytest
from msgspec.structs import replace

from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.proxy.layers.http1 import writer
from sidecar.proxy.layers.http1.grammar import read_request

HEAD = RequestHead(b"POST", b"/a", "store:1", ((b"hOst", b"c"), (b"TE", b"x"), (b"X-A", b"b")))


def test_a_sealed_request_is_one_plain_message() -> None:
    raw = writer.rebuilt_request(HEAD, b"body", None)
    assert raw == b"POST /a HTTP/1.1\r\nhOst: c\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody"
    raw = writer.rebuilt_request(HEAD, b"", b"store:1")
    assert raw == b"POST /a HTTP/1.1\r\nHost: store:1\r\nX-A: b\r\nContent-Length: 0\r\n\r\n"
    raw = writer.rebuilt_request(replace(HEAD, method=b"GET"), b"", None)
    assert raw == b"GET /a HTTP/1.1\r\nhOst: c\r\nX-A: b\r\n\r\n"


def test_an_opened_answer_is_one_plain_message() -> None:
    head = ResponseHead(200, b"Fine", ((b"ETag", b"x"), (b"Content-Length", b"99")))
    raw = writer.rebuilt_response(head, b"ab", b"GET", b"close")
    assert (
        raw == b"HTTP/1.1 200 Fine\r\nETag: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab"
    )
    raw = writer.rebuilt_response(head, b"ab", b"HEAD", b"")
    assert raw == b"HTTP/1.1 200 Fine\r\nETag: x\r\n\r\n"


def test_a_refusal_has_a_length_even_without_its_body() -> None:
    refusal = Refusal(403, ((b"X", b"y"),), b"no", "refused")
    head = b"HTTP/1.1 403 Forbidden\r\nX: y\r\nContent-Length: 2\r\n\r\n"
    assert writer.refusal(refusal, bare=False, connection=b"") == head + b"no"
    assert writer.refusal(refusal, bare=True, connection=b"") == head


def test_a_head_of_the_transform_cannot_add_a_line() -> None:
    head = RequestHead(b"GET", b"/a", "store:1", ((b"X", b"1\r\nHost: other"),))
    with pytest.raises(ValueError, match="line"):
        writer.rebuilt_request(head, b"", None)
    answered = ResponseHead(200, b"OK", ((b"X", b"1\r\n\r\nHTTP/1.1 200 OK"),))
    with pytest.raises(ValueError, match="line"):
        writer.rebuilt_response(answered, b"", b"GET", b"")


def test_a_passed_head_changes_in_the_named_lines_alone() -> None:
    raw = (
        b"GET / HTTP/1.1\r\nhost:  client\r\nUPGRADE: a\r\nX-Host: b\r\n"
        b"connection: upgrade,close\r\nX-Upgrade: c\r\n\r\n"
    )
    frame = read_request(raw)
    assert writer.passed_request(frame, None, may_upgrade=True) is frame
    passed = writer.passed_request(frame, rb"st\1re:1", may_upgrade=False)
    assert passed.raw == (
        rb"GET / HTTP/1.1"
        b"\r\n"
        rb"Host: st\1re:1"
        b"\r\n"
        b"X-Host: b\r\nX-Upgrade: c\r\nConnection: close\r\n\r\n"
    )
    assert not passed.upgrade
