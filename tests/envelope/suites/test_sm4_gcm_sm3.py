# SPDX-License-Identifier: Apache-2.0
"""SM4-GCM by the published example, and in the shape that `chunked` asks of a cipher."""

import pytest
from cryptography.exceptions import InvalidTag

from sidecar.envelope.suites.sm4_gcm_sm3 import Sm4Gcm

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
NONCE = bytes.fromhex("00001234567800000000abcd")


def test_it_is_sm4_gcm():
    """RFC 8998 appendix A.1, but for its associated data, which the construction has not."""
    plaintext = bytes.fromhex(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    )
    ciphertext = bytes.fromhex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    sealed = Sm4Gcm(KEY).encrypt(NONCE, plaintext, None)
    assert sealed[:-16] == ciphertext
    assert Sm4Gcm(KEY).decrypt(NONCE, sealed, None) == plaintext


def test_into_a_buffer_is_the_same():
    cipher, sealed, opened = Sm4Gcm(KEY), bytearray(5 + 16), bytearray(5)
    assert cipher.encrypt_into(NONCE, b"value", None, memoryview(sealed)) == 21
    assert sealed == cipher.encrypt(NONCE, b"value", None)
    assert cipher.decrypt_into(NONCE, sealed, None, memoryview(opened)) == 5
    assert opened == b"value"


def test_nothing_is_written_before_the_tag_fits():
    cipher, opened = Sm4Gcm(KEY), bytearray(5)
    sealed = bytearray(cipher.encrypt(NONCE, b"value", None))
    sealed[-1] ^= 1
    with pytest.raises(InvalidTag):
        cipher.decrypt_into(NONCE, sealed, None, memoryview(opened))
    assert opened == bytes(5)
