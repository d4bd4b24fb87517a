# SPDX-License-Identifier: Apache-2.0
"""Derivation, against another library's HMAC and the text of the specification."""

import pytest
from hypothesis import assume, given

from sidecar.envelope import SEALING_SUITES, SUITES, KeyKind
from sidecar.errors import CannotOpen, Malformed
from tests.envelope.strategies import CONTEXT, KEY, MODEST, SALT, chunked_suites, contexts, keys
from tests.envelope.strategies import salts as all_salts
from tests.vectors import independent


@MODEST
@given(chunked_suites, keys, all_salts, contexts)
def test_keys_are_those_of_the_specification(suite, key, salt, place):
    cipher, base, commitment = suite.keyed(key).derive(salt, place.encode())
    message_key, *others = independent._derive(suite.id, key, salt, place.encode())
    assert [base, commitment] == others
    expected = independent.CHUNKED[suite.id].seal(message_key, base, b"value")
    assert cipher.encrypt(base, b"value", None) == expected


@MODEST
@given(chunked_suites, all_salts, all_salts)
def test_each_message_has_a_nonce_and_a_commitment_of_its_own(suite, salt, other_salt):
    assume(salt != other_salt)
    one, other = (suite.keyed(KEY).derive(each, CONTEXT)[1:] for each in (salt, other_salt))
    assert one[0] != other[0]
    assert one[1] != other[1]


def test_two_suites_share_no_key():
    derived = [SUITES[suite].keyed(KEY).derive(SALT, CONTEXT) for suite in SEALING_SUITES.values()]
    assert len({base for _, base, _ in derived}) == len(derived)
    assert len({commitment for *_, commitment in derived}) == len(derived)


@pytest.mark.parametrize("key", [b"", KEY[:16], KEY + KEY])
def test_a_key_of_another_length_keys_nothing(key):
    for suite in SUITES.values():
        with pytest.raises(CannotOpen):
            suite.keyed(key) if suite.key_kind is KeyKind.EDK else suite.derive(key, CONTEXT)


def test_a_deterministic_body_is_longer_than_its_synthetic_iv():
    assert SUITES[3].plaintext_length(17) == 1
    for length in (-1, 0, 16):
        with pytest.raises(Malformed):
            SUITES[3].plaintext_length(length)
