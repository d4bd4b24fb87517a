# SPDX-License-Identifier: Apache-2.0
"""ACS3-HMAC-SHA256: the signature in the Authorization header, keyed with the secret itself."""

from sidecar.signing import canonical
from sidecar.signing.request import AccessKey, Request
from sidecar.signing.signed import FindSecret, Signed, secret_of

ALGORITHM = "ACS3-HMAC-SHA256"


def sign(request: Request, key: AccessKey, *, now: float, nonce: str) -> Request:
    """`request`, whose headers name host, x-acs-action and x-acs-version, signed."""
    request = canonical.with_protocol_headers(request, key, now, nonce)
    return canonical.authorize(request, ALGORITHM, key.id, key.secret.encode())


def verify(request: Request, find_secret: FindSecret, *, now: float) -> Signed:
    """The facts of an ACS3 request; raise a SignatureFailure where it proves none."""
    found = canonical.read_authorization(request, ALGORITHM)
    canonical.require_coverage(request, found.signed_headers)
    time = canonical.read_time(request, now)
    secret = secret_of(found.credential, find_secret)
    canonical.verify_signature(request, found, secret)
    return canonical.facts(request, found.credential, time, None)
