# SPDX-License-Identifier: Apache-2.0
"""What ACS3 and ACS4 have in common: the canonical request and the Authorization header.

The canonical request is, a line each: method; path; canonical query; `name:value` of each signed
header in the order of names; an empty line; SignedHeaders; the hex SHA-256 of the body. Values
are signed as received, so `host` may hold a scheme if the client sent one. The families differ in
the credential and in the key under the HMAC; those are theirs.
"""

import hashlib
import hmac
import re
from typing import NamedTuple

from sidecar.signing import timestamp
from sidecar.signing.failures import (
    IncompleteSignature,
    MissingPart,
    UnsupportedMethod,
)
from sidecar.signing.request import AccessKey, Request, canonical_query
from sidecar.signing.signed import Scope, Signed, require_equal

_AUTHORIZATION = re.compile(
    r"(?P<algorithm>ACS[34]-HMAC-SHA256) Credential=(?P<credential>[!-+\--~]+), ?"
    r"SignedHeaders=(?P<headers>[!-+\--~]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)

# Header -> the parameter that it stands for in the gateway's errors.
_REQUIRED = {
    b"host": "Host",
    b"x-acs-action": "Action",
    b"x-acs-version": "Version",
    b"x-acs-date": "Timestamp",
    b"x-acs-signature-nonce": "SignatureNonce",
    b"x-acs-content-sha256": "ContentSha256",
}


class Authorization(NamedTuple):
    """The parts of the header; nothing in it is proven."""

    algorithm: str
    credential: str
    signed_headers: bytes
    signature: bytes


def read_authorization(request: Request, algorithm: str) -> Authorization:
    """Raise where the header is not spelled as it must be, or of another algorithm."""
    value = (request.find_header(b"authorization") or b"").decode("latin-1")
    if value.partition(" ")[0] != algorithm:
        raise UnsupportedMethod
    match = _AUTHORIZATION.fullmatch(value)
    if match is None:
        raise IncompleteSignature("the Authorization header cannot be read")
    return Authorization(
        match["algorithm"],
        match["credential"],
        match["headers"].encode(),
        match["signature"].encode(),
    )


def authorize(request: Request, algorithm: str, credential: str, signing_key: bytes) -> Request:
    """`request` with the Authorization header that covers all its other headers."""
    names = b";".join(sorted({name.lower() for name, _ in request.headers}))
    string = string_to_sign(request, algorithm, names)
    signature = hmac.digest(signing_key, string.encode(), "sha256").hex()
    value = (
        f"{algorithm} Credential={credential},SignedHeaders={names.decode()},Signature={signature}"
    )
    return request.with_headers((b"authorization", value.encode()))


def with_protocol_headers(request: Request, key: AccessKey, now: float, nonce: str) -> Request:
    """`request`, which names host, x-acs-action and x-acs-version, with the other headers."""
    request = request.with_headers(
        (b"x-acs-date", timestamp.write(now).encode()),
        (b"x-acs-signature-nonce", nonce.encode()),
        (b"x-acs-content-sha256", body_hash(request)),
    )
    if key.token is None:
        return request
    return request.with_headers(
        (b"x-acs-accesskey-id", key.id.encode()), (b"x-acs-security-token", key.token.encode())
    )


def require_coverage(request: Request, signed_headers: bytes) -> None:
    """Raise where a header that decides something is absent, or there without being signed.

    What is not signed can be added or changed on the way: that goes for every x-acs- header, and
    for the content type, which decides whether the body holds parameters.
    """
    names = signed_headers.split(b";")
    covered = set(names)
    if len(covered) != len(names):
        raise IncompleteSignature("a header is signed twice")
    for name, parameter in _REQUIRED.items():
        if not request.find_header(name):
            raise MissingPart(parameter)
    present = {name.lower() for name, _ in request.headers}
    decisive = {name for name in present if name.startswith(b"x-acs-")} | {b"host"}
    if request.body:
        decisive |= present & {b"content-type"}
    if not decisive <= covered:
        raise IncompleteSignature("SignedHeaders leaves out a header that it must cover")
    if not covered <= present:
        raise IncompleteSignature("a signed header is absent")


def verify_signature(request: Request, found: Authorization, signing_key: bytes) -> None:
    """Raise SignatureMismatch; the body counts as it is, not as a header says it is."""
    string = string_to_sign(request, found.algorithm, found.signed_headers)
    ours = hmac.digest(signing_key, string.encode(), "sha256").hex().encode()
    require_equal(ours, found.signature, string)
    require_equal(body_hash(request), _text(request, b"x-acs-content-sha256").encode(), string)


def read_time(request: Request, now: float) -> float:
    return timestamp.read(_text(request, b"x-acs-date"), now)


def facts(request: Request, access_key_id: str, time: float, scope: Scope | None) -> Signed:
    """The facts of a request whose signature has been verified."""
    token = request.find_header(b"x-acs-security-token")
    return Signed(
        access_key_id=access_key_id,
        action=_text(request, b"x-acs-action"),
        version=_text(request, b"x-acs-version"),
        parameters=request.parameters,
        time=time,
        nonce=_text(request, b"x-acs-signature-nonce"),
        security_token=token.decode("latin-1") if token else None,
        scope=scope,
    )


def string_to_sign(request: Request, algorithm: str, signed_headers: bytes) -> str:
    """The algorithm and the hash of the canonical request."""
    digest = hashlib.sha256(canonical_request(request, signed_headers)).hexdigest()
    return f"{algorithm}\n{digest}"


def canonical_request(request: Request, signed_headers: bytes) -> bytes:
    lines = b"".join(
        name + b":" + (request.find_header(name) or b"") + b"\n"
        for name in sorted(signed_headers.split(b";"))
    )
    head = f"{request.method}\n{request.path}\n{canonical_query(request.query)}\n".encode()
    return head + lines + b"\n" + signed_headers + b"\n" + body_hash(request)


def body_hash(request: Request) -> bytes:
    return hashlib.sha256(request.body).hexdigest().encode()


def _text(request: Request, name: bytes) -> str:
    return (request.find_header(name) or b"").decode("latin-1")
