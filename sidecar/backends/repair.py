# SPDX-License-Identifier: Apache-2.0
"""Heads made true again after their body changed: digests, codings, ranges.

A held body goes on whole: it has no transfer coding or trailers, whose fields might be digests of
what it was. Its length, `Expect` and `Connection` are the host's.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache

from msgspec.structs import replace

from sidecar.backends.coding import UnknownCoding, codings_of, decode
from sidecar.backends.refusals import UnreadableAnswer, UnsupportedMedia
from sidecar.errors import Malformed
from sidecar.message import REMEMBERED, RequestHead, ResponseHead, without_headers

_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"trailer"})
_DIGESTS = frozenset({b"content-md5", b"digest", b"content-digest", b"repr-digest"})
_NOT_TO_STORE = _FRAMING | {b"range", b"if-range", b"accept-encoding"}
_OF_CHANGED = _FRAMING | _DIGESTS
_CODING = frozenset({b"content-encoding"})
_ALGORITHMS: dict[bytes, Callable[[bytes], bytes]] = {
    b"md5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
    b"sha": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    b"sha-256": lambda body: hashlib.sha256(body).digest(),
    b"sha-512": lambda body: hashlib.sha512(body).digest(),
}
_TO_CACHES = re.compile(
    rb"(?:.+-)?cache-control|surrogate-control|edge-control|x-accel-expires|expires|pragma"
)
"""Fields by which caches go: RFC 9111 §5, RFC 9213, and those of caches that obey others first."""
_UNSTORED = (b"Cache-Control", b"no-store")
_IDENTITY = (b"Accept-Encoding", b"identity")


def uncode_request(head: RequestHead, body: bytes, limit: int) -> tuple[RequestHead, bytes]:
    """Head and body of a request as they were before the body was compressed.

    Digests, which are made over what is sent (RFC 9530 §3.1), are made anew.
    """
    try:
        plain = decode(body, codings_of(head.headers), limit)
    except UnknownCoding:
        raise UnsupportedMedia("a Content-Encoding that cannot be read, or too many") from None
    lines = without_headers(head.headers, _CODING)
    return replace(head, headers=tuple(_made_anew(line, plain) for line in lines)), plain


def uncode_response(head: ResponseHead, body: bytes, limit: int) -> tuple[ResponseHead, bytes]:
    """Head and body of an answer as they were before the body was compressed; without digests."""
    try:
        plain = decode(body, codings_of(head.headers), limit)
    except UnknownCoding:
        raise UnreadableAnswer("the store's answer has an unknown Content-Encoding") from None
    except Malformed as error:
        raise UnreadableAnswer(f"the store's answer: {error.why}") from None
    return replace(head, headers=without_headers(head.headers, _DIGESTS | _CODING)), plain


def repair_request(head: RequestHead, body: bytes, *, changed: bool) -> RequestHead:
    """The head that goes with `body` to the store, less its length.

    The answer must come whole and uncoded, or the fields in it could not be found: ranges are not
    asked for (RFC 9110 §14.2 lets any server ignore them), and only `identity` is accepted.
    """
    to_store, has_digest = _to_store(head)
    if has_digest and changed:
        lines = tuple([_made_anew(line, body) for line in to_store.headers])
        return replace(to_store, headers=lines)
    return to_store


@lru_cache(REMEMBERED)
def _to_store(head: RequestHead) -> tuple[RequestHead, bool]:
    """The head that goes with an unchanged body, and whether a digest is in it."""
    lines = without_headers(head.headers, _NOT_TO_STORE)
    has_digest = not _DIGESTS.isdisjoint([name.lower() for name, _ in lines])
    return RequestHead(head.method, head.target, head.authority, (*lines, _IDENTITY)), has_digest


def _made_anew(line: tuple[bytes, bytes], body: bytes) -> tuple[bytes, bytes]:
    name, value = line
    lower = name.lower()
    return (name, _digest(lower, value, body)) if lower in _DIGESTS else line


@lru_cache(REMEMBERED)
def repair_response(head: ResponseHead, changed: bool) -> ResponseHead:  # noqa: FBT001 - keys of a cache
    """The head that goes to the client, less its length; digests of a changed body are dropped."""
    return replace(
        head, headers=without_headers(head.headers, _OF_CHANGED if changed else _FRAMING)
    )


def bodiless_response(head: ResponseHead) -> ResponseHead:
    """The head of an answer without a body (HEAD, 204, 304).

    Its lengths and digests are those of the sealed body. RFC 9110 §8.6 lets them be left out.
    """
    return replace(head, headers=without_headers(head.headers, _OF_CHANGED))


def unstored_response(head: ResponseHead) -> ResponseHead:
    """The head of an answer that no cache may keep, because the next caller may see other values.

    RFC 9111 §5.2.2.5. What clears a caller is no part of a request that a cache could go by.
    """
    lines = [line for line in head.headers if not _TO_CACHES.fullmatch(line[0].lower())]
    return replace(head, headers=(*lines, _UNSTORED))


def _digest(name: bytes, value: bytes, body: bytes) -> bytes:
    """The field `name` for `body`, in those algorithms of the old `value` that are known here.

    RFC 1864 (Content-MD5), RFC 3230 (Digest), RFC 9530 (Content-Digest, Repr-Digest). With none of
    them known it says SHA-256, which every receiver of these fields has.
    """
    if name == b"content-md5":
        return b64encode(_ALGORITHMS[b"md5"](body))
    asked = [member.partition(b"=")[0].strip().lower() for member in value.split(b",")]
    known = [algorithm for algorithm in asked if algorithm in _ALGORITHMS] or [b"sha-256"]
    form = b"%b=%b" if name == b"digest" else b"%b=:%b:"
    return b", ".join(form % (each, b64encode(_ALGORITHMS[each](body))) for each in known)
