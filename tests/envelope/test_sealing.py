# SPDX-License-Identifier: Apache-2.0
"""Whole envelopes: they open at their place under their key, and nowhere else, and say no more."""

import pytest
from hypothesis import assume, given

from sidecar.envelope import (
    MAX_ENVELOPE_LENGTH,
    SEALING_SUITES,
    TextSealer,
    decrypt,
    keyed,
    open_envelope,
    open_equal,
    parse,
    parse_text,
    seal,
    seal_equal,
    to_ascii,
)
from sidecar.errors import CannotOpen, Malformed, TooLarge
from tests.envelope.strategies import (
    CONTEXT,
    EDK,
    KEY,
    MODEST,
    SALT,
    WORDING,
    contexts,
    edks,
    keys,
    plaintexts,
    salts,
    sealing_suites,
)

PLAINTEXT = b'\x04"078-05-1120"'
BODY_AT = 5 + len(EDK)


def outcome(data: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> str:
    """What opening `data` comes to; every refusal is checked for its one wording."""
    try:
        envelope = parse(data)
    except Malformed:
        return "malformed"
    try:
        open_envelope(key, envelope, context)
    except CannotOpen as error:
        refusal = error
    else:
        return "success"
    assert str(refusal) == refusal.why == WORDING
    assert refusal.__cause__ is None
    assert refusal.__suppress_context__ or refusal.__context__ is None
    return "cannot-open"


@MODEST
@given(sealing_suites, keys, edks, contexts, salts, plaintexts)
def test_what_is_sealed_opens(suite, key, edk, place, salt, plaintext):  # noqa: PLR0917
    data = seal(suite, key, edk, place.encode(), salt, plaintext)
    envelope = parse(data)
    assert (envelope.suite, envelope.key) == (suite, edk)
    assert envelope.encode() == data
    assert open_envelope(key, envelope, place.encode()) == plaintext


@MODEST
@given(sealing_suites, edks, contexts, salts, plaintexts)
def test_a_key_at_work_seals_to_the_text_of_the_same_envelopes(suite, edk, place, salt, plaintext):
    sealer, context = TextSealer(keyed(suite, KEY), edk), place.encode()
    for _ in range(2):  # the first value under a key, and those after it
        text = sealer.seal(context, salt, plaintext)
        assert text == to_ascii(seal(suite, KEY, edk, context, salt, plaintext))


def test_an_edk_of_any_length_starts_its_text():
    key = keyed(1, KEY)
    for length in range(1, 10):
        edk = EDK[:length]
        sealed = parse_text(TextSealer(key, edk).seal(CONTEXT, SALT, PLAINTEXT))
        assert sealed.key == edk
        assert decrypt(key, CONTEXT, sealed.body) == PLAINTEXT


@MODEST
@given(sealing_suites, keys, keys, contexts, contexts)
def test_another_key_or_another_place_does_not_open(suite, key, other_key, place, other_place):
    data = seal(suite, key, EDK, place.encode(), SALT, PLAINTEXT)
    assume(key != other_key)
    assume(place != other_place)
    assert outcome(data, other_key, place.encode()) == "cannot-open"
    assert outcome(data, key, other_place.encode()) == "cannot-open"


@pytest.mark.parametrize("suite", SEALING_SUITES.values(), ids=SEALING_SUITES)
def test_every_flipped_bit_is_told_without_a_difference(suite):
    data = seal(suite, KEY, EDK, CONTEXT, SALT, PLAINTEXT)
    for at in range(len(data)):
        for bit in range(8):
            found = outcome(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
            if at >= BODY_AT:
                assert found == "cannot-open"
            elif at < 5:  # version, suite, kind, length: another frame, or another reading of it
                assert found in {"malformed", "cannot-open"}
            else:  # an EDK may be re-encrypted; its key is what the body is bound to
                assert found == "success"


@pytest.mark.parametrize("suite", SEALING_SUITES.values(), ids=SEALING_SUITES)
def test_every_cut_and_every_added_byte_is_noticed(suite):
    data = seal(suite, KEY, EDK, CONTEXT, SALT, PLAINTEXT)
    shortest = BODY_AT + 56 + 16
    for length in range(len(data)):
        expected = "malformed" if length < shortest else "cannot-open"
        assert outcome(data[:length]) == expected
    assert outcome(data + b"\x00") == "cannot-open"


@pytest.mark.parametrize("key", [b"", KEY[:-1], KEY + b"\x00"])
def test_a_key_of_another_length_is_refused(key):
    data = seal(1, KEY, EDK, CONTEXT, SALT, PLAINTEXT)
    assert outcome(data, key) == "cannot-open"
    with pytest.raises(CannotOpen):
        seal(1, key, EDK, CONTEXT, SALT, PLAINTEXT)


def test_an_envelope_of_the_other_kind_is_a_forgery():
    """Whoever can write to the store gains nothing by changing how a field is sealed."""
    for plaintext in (PLAINTEXT, bytes(200)):  # the longer one could be a chunked body by length
        assert outcome(seal_equal(KEY, bytes(8), CONTEXT, plaintext)) == "cannot-open"
    with pytest.raises(CannotOpen, match=WORDING):
        open_equal(KEY, parse(seal(1, KEY, EDK, CONTEXT, SALT, PLAINTEXT)), CONTEXT)


def test_a_deterministic_suite_does_not_seal_under_a_data_key():
    with pytest.raises(CannotOpen):
        seal(3, KEY, EDK, CONTEXT, SALT, PLAINTEXT)


@pytest.mark.parametrize("salt", [b"", SALT[:-1], SALT + b"\x00"])
def test_a_salt_of_another_length_is_a_mistake_of_the_caller(salt):
    with pytest.raises(ValueError, match="24 bytes"):
        seal(1, KEY, EDK, CONTEXT, salt, PLAINTEXT)


def test_nothing_is_sealed_that_could_not_be_read_again():
    with pytest.raises(TooLarge, match=str(MAX_ENVELOPE_LENGTH)):
        seal(1, KEY, EDK, CONTEXT, SALT, bytes(MAX_ENVELOPE_LENGTH - 1000))
    with pytest.raises(TooLarge, match=str(MAX_ENVELOPE_LENGTH)):
        TextSealer(keyed(1, KEY), EDK).seal(CONTEXT, SALT, bytes(MAX_ENVELOPE_LENGTH - 1000))
    largest = bytes(MAX_ENVELOPE_LENGTH - BODY_AT - 56 - 16 * (MAX_ENVELOPE_LENGTH // 16400 + 1))
    data = seal(1, KEY, EDK, CONTEXT, SALT, largest)
    assert MAX_ENVELOPE_LENGTH - 16 <= len(data) <= MAX_ENVELOPE_LENGTH
    assert open_envelope(KEY, parse(data), CONTEXT) == largest
