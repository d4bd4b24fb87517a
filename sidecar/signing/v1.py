# SPDX-License-Identifier: Apache-2.0
"""Signature version 1 ("RPC"): HMAC-SHA1 over all parameters, carried in the query.

Signed are the method and every parameter of query and form body but `Signature` itself; not the
headers, and of the path only that it is `/`. SHA-1 is what this version prescribes; as HMAC it
stands (RFC 6194 section 3.3).
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping

from sidecar.signing import timestamp
from sidecar.signing.failures import IncompleteSignature, MissingPart, UnsupportedMethod
from sidecar.signing.request import AccessKey, Request, canonical_query, percent_encode
from sidecar.signing.signed import FindSecret, Signed, require_equal, secret_of

_PROTOCOL = frozenset(
    (
        "AccessKeyId",
        "Action",
        "Format",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureType",
        "SignatureVersion",
        "Timestamp",
        "Version",
    )
)

_REQUIRED = (
    "AccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "Timestamp",
    "Action",
    "Version",
)


def sign(request: Request, key: AccessKey, *, now: float, nonce: str) -> Request:
    """`request`, whose query names Action and Version, with the protocol's parameters added."""
    request = request.with_query(
        ("AccessKeyId", key.id),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", timestamp.write(now)),
    )
    if key.token is not None:
        request = request.with_query(("SecurityToken", key.token))
    string = string_to_sign(request.method, request.parameters)
    return request.with_query(("Signature", _signature(key.secret.encode(), string).decode()))


def verify(request: Request, find_secret: FindSecret, *, now: float) -> Signed:
    """The facts of a V1 request; raise a SignatureFailure where it proves none."""
    parameters = request.parameters
    if request.path != "/":
        raise IncompleteSignature("the path of a V1 request is /")
    for name in _REQUIRED:
        if not parameters.get(name):
            raise MissingPart(name)
    if (
        parameters["SignatureMethod"] != "HMAC-SHA1"
        or parameters.get("SignatureVersion", "1.0") != "1.0"
        or parameters.get("SignatureType", "") != ""
    ):
        raise UnsupportedMethod
    time = timestamp.read(parameters["Timestamp"], now)
    secret = secret_of(parameters["AccessKeyId"], find_secret)
    string = string_to_sign(request.method, parameters)
    require_equal(_signature(secret, string), parameters["Signature"].encode(), string)
    return Signed(
        access_key_id=parameters["AccessKeyId"],
        action=parameters["Action"],
        version=parameters["Version"],
        parameters={name: text for name, text in parameters.items() if name not in _PROTOCOL},
        time=time,
        nonce=parameters["SignatureNonce"],
        security_token=parameters.get("SecurityToken"),
    )


def string_to_sign(method: str, parameters: Mapping[str, str]) -> str:
    """The text under the HMAC. It holds the request's parameters: never log it."""
    signed = canonical_query(pair for pair in parameters.items() if pair[0] != "Signature")
    return f"{method}&{percent_encode('/')}&{percent_encode(signed)}"


def _signature(secret: bytes, string: str) -> bytes:
    return b64encode(hmac.digest(secret + b"&", string.encode(), "sha1"))
