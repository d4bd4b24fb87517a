# SPDX-License-Identifier: Apache-2.0
"""The one way to accept a signed request: the check of the family that it was signed by.

Pure: that a nonce counts once is for the caller to see to, who remembers `Signed.nonce` for as
long as the request's time would be accepted.
"""

from sidecar.signing import acs3, acs4, v1
from sidecar.signing.failures import UnsupportedMethod
from sidecar.signing.request import Request
from sidecar.signing.signed import FindSecret, Signed

_FAMILIES = {acs3.ALGORITHM: acs3.verify, acs4.ALGORITHM: acs4.verify}


def verify(request: Request, find_secret: FindSecret, *, now: float) -> Signed:
    """The facts that `request`'s signature proves; raise a SignatureFailure.

    An Authorization header of the ACS kind decides the family; without one it is V1. `now` is
    Unix seconds.
    """
    authorization = request.find_header(b"authorization") or b""
    algorithm = authorization.partition(b" ")[0].decode("latin-1")
    family = _FAMILIES.get(algorithm, v1.verify)
    if family is v1.verify and algorithm.upper().startswith("ACS"):
        raise UnsupportedMethod
    return family(request, find_secret, now=now)
