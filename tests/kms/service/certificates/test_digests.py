# SPDX-License-Identifier: Apache-2.0
"""What is signed is what others verify."""

import hashlib

import gmssl_pyx
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.kms.service import sm2
from sidecar.kms.service.certificates.digests import digest

PRIVATE, PUBLIC = sm2.generate()


@given(st.binary(max_size=300))
@settings(max_examples=30)
def test_gmssl_makes_the_same_digest_of_a_message_as_we_do(message: bytes) -> None:
    signature = sm2.sign(PRIVATE, digest("SM2DSA", PUBLIC, message))
    assert gmssl_pyx.sm2_verify(PUBLIC[-64:], message, signature)
    assert not gmssl_pyx.sm2_verify(PUBLIC[-64:], message + b"\0", signature)


def test_all_others_sign_sha_256() -> None:
    assert digest("ECDSA_SHA_256", b"", b"abc") == hashlib.sha256(b"abc").digest()
