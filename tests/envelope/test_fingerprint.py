# SPDX-License-Identifier: Apache-2.0
"""Equal values have equal fingerprints at one place under one key, and nowhere else."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode

import pytest

from sidecar.envelope import FINGERPRINT_LENGTH, fingerprint
from sidecar.errors import CannotOpen
from tests.envelope.strategies import CONTEXT, KEY


def test_it_is_what_the_document_says() -> None:
    """With HMAC as HKDF-Expand (RFC 5869 section 2.3), its first block alone."""
    info = b"envelope-sidecar/fingerprint@v1+HMAC_SHA_256\x00" + CONTEXT
    key = hmac.digest(KEY, info + b"\x01", hashlib.sha512)[:32]
    expected = hmac.digest(key, b"value", hashlib.sha256)[:FINGERPRINT_LENGTH]
    found = fingerprint(KEY, CONTEXT, b"value")
    assert re.fullmatch("[A-Za-z0-9_-]{22}", found)
    assert urlsafe_b64decode(found + "==") == expected


def test_key_place_and_value_each_change_it() -> None:
    other_key = bytes(32)
    found = {
        fingerprint(KEY, CONTEXT, b"value"),
        fingerprint(other_key, CONTEXT, b"value"),
        fingerprint(KEY, CONTEXT + b"x", b"value"),
        fingerprint(KEY, CONTEXT, b"values"),
    }
    assert len(found) == 4


def test_a_short_key_is_none() -> None:
    with pytest.raises(CannotOpen):
        fingerprint(KEY[:16], CONTEXT, b"value")
