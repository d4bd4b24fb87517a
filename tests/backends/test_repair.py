# SPDX-License-Identifier: Apache-2.0
"""Heads say what is true of the body that goes with them."""

import hashlib
from base64 import b64encode

import pytest

from sidecar.backends import bodiless_response
from sidecar.backends.repair import repair_request, repair_response
from sidecar.message import Headers, RequestHead, ResponseHead

BODY = b"sealed"
SHA256 = b64encode(hashlib.sha256(BODY).digest())
IDENTITY = (b"Accept-Encoding", b"identity")


def repaired(*headers: tuple[bytes, bytes], changed: bool = True) -> Headers:
    head = RequestHead(b"PUT", b"/x", "crm:80", headers)
    found = repair_request(head, BODY, changed=changed)
    assert (found.method, found.target, found.authority) == (b"PUT", b"/x", "crm:80")
    return found.headers


@pytest.mark.parametrize(
    "framing", [(b"content-length", b"99"), (b"Transfer-Encoding", b"chunked")]
)
def test_the_length_of_a_held_body_is_left_to_the_host(framing: tuple[bytes, bytes]) -> None:
    assert repaired(framing, (b"Trailer", b"Digest"), (b"X", b"1")) == ((b"X", b"1"), IDENTITY)


def test_the_answer_is_asked_for_whole_and_uncoded() -> None:
    asked = ((b"Range", b"bytes=0-1"), (b"If-Range", b'"x"'), (b"accept-encoding", b"gzip, br"))
    assert repaired(*asked, (b"If-Match", b'"x"')) == ((b"If-Match", b'"x"'), IDENTITY)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (b"Content-MD5", b"old", b64encode(hashlib.md5(BODY).digest())),
        (b"Digest", b"sha-256=old", b"sha-256=" + SHA256),
        (b"content-digest", b"sha-256=:old:", b"sha-256=:%b:" % SHA256),
        (b"Repr-Digest", b"unixsum=:1:", b"sha-256=:%b:" % SHA256),
        (
            b"Digest",
            b"SHA=old, MD5=old,unixcksum=1",
            b"sha=%b, md5=%b"
            % (b64encode(hashlib.sha1(BODY).digest()), b64encode(hashlib.md5(BODY).digest())),
        ),
        (
            b"Content-Digest",
            b"sha-512=:old:",
            b"sha-512=:%b:" % b64encode(hashlib.sha512(BODY).digest()),
        ),
    ],
)
def test_digests_are_those_of_the_new_body(name: bytes, value: bytes, expected: bytes) -> None:
    assert repaired((name, value)) == ((name, expected), IDENTITY)
    assert repaired((name, value), changed=False) == ((name, value), IDENTITY)


def test_a_head_that_comes_again_has_the_digest_of_its_own_body() -> None:
    head = RequestHead(b"PUT", b"/x", "crm:80", ((b"Digest", b"sha-256=old"),))
    told = [repair_request(head, body, changed=True).headers[0][1] for body in (b"1", b"2")]
    assert told == [b"sha-256=" + b64encode(hashlib.sha256(body).digest()) for body in (b"1", b"2")]


def test_what_may_be_remembered_is_not_made_twice() -> None:
    head = RequestHead(b"PUT", b"/x", "crm:80", ((b"X", b"1"),))
    assert repair_request(head, b"1", changed=True) is repair_request(head, b"2", changed=True)


def test_order_and_spelling_of_other_lines_stay() -> None:
    lines = ((b"X-b", b"1"), (b"x-A", b"\xff"), (b"X-b", b"2"))
    assert repaired(*lines) == (*lines, IDENTITY)


def answer(*headers: tuple[bytes, bytes]) -> ResponseHead:
    return ResponseHead(200, b"OK", headers)


def test_an_answer_loses_digests_of_another_body_alone() -> None:
    digest, etag = (b"Content-Digest", b"sha-256=:x:"), (b"ETag", b'"x"')
    head = answer((b"Transfer-Encoding", b"chunked"), digest, etag)
    assert repair_response(head, changed=True) == answer(etag)
    assert repair_response(head, changed=False) == answer(digest, etag)


def test_an_answer_without_a_body_tells_nothing_of_the_sealed_one() -> None:
    head = answer((b"Content-Length", b"9"), (b"Content-MD5", b"x"), (b"X", b"1"))
    assert bodiless_response(head) == answer((b"X", b"1"))
