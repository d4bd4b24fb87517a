# SPDX-License-Identifier: Apache-2.0
"""ACS4-HMAC-SHA256: like ACS3, under a key derived for one day, region and product."""

import hmac
import re

from sidecar.signing import canonical, timestamp
from sidecar.signing.failures import IncompleteSignature
from sidecar.signing.request import AccessKey, Request
from sidecar.signing.signed import FindSecret, Scope, Signed, secret_of

ALGORITHM = "ACS4-HMAC-SHA256"
_TERMINATOR = "aliyun_v4_request"
_CREDENTIAL = re.compile(
    r"(?P<id>[^/]+)/(?P<date>[0-9]{8})/(?P<region>[^/]+)/(?P<product>[^/]+)/" + _TERMINATOR
)


def sign(request: Request, key: AccessKey, scope: Scope, *, now: float, nonce: str) -> Request:
    """`request`, whose headers name host, x-acs-action and x-acs-version, signed for `scope`."""
    request = canonical.with_protocol_headers(request, key, now, nonce)
    date = _date(timestamp.write(now))
    credential = f"{key.id}/{date}/{scope.region}/{scope.product}/{_TERMINATOR}"
    signing_key = _signing_key(key.secret.encode(), date, scope)
    return canonical.authorize(request, ALGORITHM, credential, signing_key)


def verify(request: Request, find_secret: FindSecret, *, now: float) -> Signed:
    """The facts of an ACS4 request; raise a SignatureFailure where it proves none."""
    found = canonical.read_authorization(request, ALGORITHM)
    canonical.require_coverage(request, found.signed_headers)
    time = canonical.read_time(request, now)
    credential = _CREDENTIAL.fullmatch(found.credential)
    if credential is None or credential["date"] != _date(timestamp.write(time)):
        raise IncompleteSignature("the Credential is not id/date/region/product of this request")
    scope = Scope(credential["region"], credential["product"])
    secret = secret_of(credential["id"], find_secret)
    canonical.verify_signature(request, found, _signing_key(secret, credential["date"], scope))
    return canonical.facts(request, credential["id"], time, scope)


def _signing_key(secret: bytes, date: str, scope: Scope) -> bytes:
    key = b"aliyun_v4" + secret
    for part in (date, scope.region, scope.product, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _date(time: str) -> str:
    return time[:10].replace("-", "")
