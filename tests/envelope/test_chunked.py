# SPDX-License-Identifier: Apache-2.0
"""Bodies held whole: nothing is decrypted before the commitment, nothing released before a tag."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given

from sidecar.envelope import CHUNK_LENGTH, PREFIX_LENGTH, SUITES, chunked
from sidecar.errors import CannotOpen
from tests.envelope.salamander import opens_under_both
from tests.envelope.strategies import (
    CONTEXT,
    KEY,
    MODEST,
    SALT,
    chunked_suites,
    contexts,
    counting,
    keys,
    plaintexts,
    salts,
)
from tests.vectors import independent

COBBLESTONE = SUITES[1]
OTHER_KEY = bytes(32)


@MODEST
@given(chunked_suites, keys, salts, contexts, plaintexts)
def test_both_implementations_write_the_same_bytes(suite, key, salt, place, plaintext):
    body = chunked.encrypt(suite.keyed(key), salt, place.encode(), plaintext)
    assert body == independent.seal_body(suite.id, key, salt, place.encode(), plaintext)
    assert chunked.decrypt(suite.keyed(key), place.encode(), body) == plaintext


@pytest.mark.parametrize("shape", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("length", [0, 100, 40_000])
def test_any_buffer_does(shape, length):
    plaintext = counting(length)
    body = chunked.encrypt(
        COBBLESTONE.keyed(shape(KEY)), SALT, CONTEXT, shape(plaintext), b"header"
    )
    assert body[:6] == b"header"
    assert chunked.decrypt(COBBLESTONE.keyed(KEY), CONTEXT, shape(body[6:])) == plaintext


def test_nonces_count_up_from_the_base():
    base = bytes.fromhex("ffffffffffffffff00ff00ff")
    assert chunked.nonce_of(base, 0) == base
    assert chunked.nonce_of(base, 1) == bytes.fromhex("ffffffffffffffff00ff00fe")
    assert chunked.nonce_of(base, 0x3FFFFFFFFF) == bytes.fromhex("ffffffffffffffc0ff00ff00")


def test_a_ciphertext_made_for_two_keys_opens_under_one():
    derived = [independent._derive(1, key, SALT, CONTEXT) for key in (KEY, OTHER_KEY)]
    ciphertext = opens_under_both(*(d[:2] for d in derived))
    for key, nonce, _ in derived:  # the attack works on the bare cipher
        assert len(AESGCM(key).decrypt(nonce, ciphertext, None)) == 32
    body = SALT + derived[0][2] + ciphertext
    assert len(chunked.decrypt(COBBLESTONE.keyed(KEY), CONTEXT, body)) == 32
    with pytest.raises(CannotOpen):
        chunked.decrypt(COBBLESTONE.keyed(OTHER_KEY), CONTEXT, body)


def test_nothing_is_decrypted_before_the_commitment_fits():
    asked = []

    class Watched:
        def __init__(self, key):
            self._cipher = AESGCM(key)

        def decrypt(self, nonce, data, associated_data):
            asked.append(len(data))
            return self._cipher.decrypt(nonce, data, associated_data)

    suite = replace(COBBLESTONE, cipher=Watched)
    body = bytearray(chunked.encrypt(COBBLESTONE.keyed(KEY), SALT, CONTEXT, b"value"))
    assert chunked.decrypt(suite.keyed(KEY), CONTEXT, body) == b"value"
    assert asked == [5 + 16]
    body[PREFIX_LENGTH - 1] ^= 1
    with pytest.raises(CannotOpen):
        chunked.decrypt(suite.keyed(KEY), CONTEXT, body)
    assert asked == [5 + 16]


@pytest.mark.parametrize("length", [CHUNK_LENGTH, 2 * CHUNK_LENGTH + 1])
def test_every_part_of_a_long_body_counts(length):
    body = chunked.encrypt(COBBLESTONE.keyed(KEY), SALT, CONTEXT, counting(length))
    for at in (0, 24, 55, 56, 16455, 16456, len(body) - 17, len(body) - 1):
        altered = bytearray(body)
        altered[at] ^= 0x10
        with pytest.raises(CannotOpen):
            chunked.decrypt(COBBLESTONE.keyed(KEY), CONTEXT, altered)


@pytest.mark.parametrize("length", [0, 24, 56, 71, 56 + 16400, 56 + 16400 + 15])
def test_a_body_of_an_impossible_length_does_not_open(length):
    with pytest.raises(CannotOpen):
        chunked.decrypt(COBBLESTONE.keyed(KEY), CONTEXT, bytes(length))
