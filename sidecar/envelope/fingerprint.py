# SPDX-License-Identifier: Apache-2.0
"""A keyed fingerprint of a value: equal for equal values at one place, and tells nothing else.

For showing which values are the same to somebody who may not see them. Nothing opens it again.
FORMAT.md section "Fingerprints".
"""

from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sidecar.envelope.suite import KEY_LENGTH, Buffer
from sidecar.errors import CannotOpen

FINGERPRINT_LENGTH = 16
"""Bytes; two of 2⁴⁸ values are alike with probability 2⁻³³."""

_LABEL = b"envelope-sidecar/fingerprint@v1+HMAC_SHA_256\x00"


def fingerprint(lookup_key: Buffer, context: bytes, plaintext: bytes) -> str:
    """The fingerprint of `plaintext` at `context`, in 22 characters of base64url."""
    if len(lookup_key) != KEY_LENGTH:
        raise CannotOpen
    mac = HMAC(HKDFExpand(SHA512(), 32, _LABEL + context).derive(lookup_key), SHA256())
    mac.update(plaintext)
    return urlsafe_b64encode(mac.finalize()[:FINGERPRINT_LENGTH]).rstrip(b"=").decode("ascii")
