# SPDX-License-Identifier: Apache-2.0
"""Request signatures of the vendor's RPC APIs: each family signs and verifies.

`v1` (HMAC-SHA1 in the query), `acs3` and `acs4` (Authorization header). All of it is pure: the
time (Unix seconds) and the nonce are arguments.
"""

from sidecar.signing import acs3, acs4, v1
from sidecar.signing.failures import NonceUsed, SignatureFailure, SignatureMismatch
from sidecar.signing.request import AccessKey, Request
from sidecar.signing.signed import Scope, Signed
from sidecar.signing.timestamp import WINDOW_SECONDS
from sidecar.signing.verification import verify

__all__ = [
    "WINDOW_SECONDS",
    "AccessKey",
    "NonceUsed",
    "Request",
    "Scope",
    "SignatureFailure",
    "SignatureMismatch",
    "Signed",
    "acs3",
    "acs4",
    "v1",
    "verify",
]
