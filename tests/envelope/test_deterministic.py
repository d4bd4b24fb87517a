# SPDX-License-Identifier: Apache-2.0
"""Equal values meet within a context and nowhere else; altered ones open nowhere."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sidecar.envelope import MAX_ENVELOPE_LENGTH, lookup_key_id, open_equal, parse, seal_equal
from sidecar.errors import CannotOpen, Malformed, TooLarge
from tests.envelope.strategies import CONTEXT, EDK, KEY, MODEST, WORDING, contexts, keys
from tests.vectors import independent

KEY_ID = lookup_key_id(EDK)
PLAINTEXT = b'\x04"alice@example.com"'
values = st.binary(min_size=1, max_size=100)


@MODEST
@given(keys, contexts, values)
def test_what_is_sealed_opens_and_both_implementations_agree(key, place, plaintext):
    context = place.encode()
    data = seal_equal(key, KEY_ID, context, plaintext)
    assert data == independent.seal_equal(key, EDK, context, plaintext)
    assert independent.open_equal(key, context, data) == plaintext
    assert open_equal(key, parse(data), context) == plaintext


@MODEST
@given(contexts, contexts, values, values)
def test_envelopes_are_equal_where_value_and_place_are(place, other_place, value, other_value):
    one = seal_equal(KEY, KEY_ID, place.encode(), value)
    assert one == seal_equal(KEY, KEY_ID, place.encode(), value)
    other = seal_equal(KEY, KEY_ID, other_place.encode(), other_value)
    assert (one == other) == ((place, value) == (other_place, other_value))


@MODEST
@given(keys, contexts)
def test_another_key_or_another_place_does_not_open(key, place):
    assume(key != KEY)
    assume(place.encode() != CONTEXT)
    envelope = parse(seal_equal(KEY, KEY_ID, CONTEXT, PLAINTEXT))
    for tried_key, context in ((key, CONTEXT), (KEY, place.encode())):
        with pytest.raises(CannotOpen, match=WORDING):
            open_equal(tried_key, envelope, context)


def test_every_flipped_bit_of_the_body_is_noticed():
    data = seal_equal(KEY, KEY_ID, CONTEXT, PLAINTEXT)
    for at in range(11, len(data)):
        for bit in range(8):
            altered = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            with pytest.raises(CannotOpen, match=WORDING):
                open_equal(KEY, parse(altered), CONTEXT)


def test_every_cut_is_noticed():
    data = seal_equal(KEY, KEY_ID, CONTEXT, PLAINTEXT)
    for length in range(len(data)):
        with pytest.raises((Malformed, CannotOpen)):
            open_equal(KEY, parse(data[:length]), CONTEXT)


def test_an_empty_plaintext_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="never empty"):
        seal_equal(KEY, KEY_ID, CONTEXT, b"")


def test_nothing_is_sealed_that_could_not_be_read_again():
    with pytest.raises(TooLarge):
        seal_equal(KEY, KEY_ID, CONTEXT, bytes(MAX_ENVELOPE_LENGTH))


@pytest.mark.parametrize("key", [b"", KEY[:-1], KEY + b"\x00"])
def test_a_key_of_another_length_is_refused(key):
    with pytest.raises(CannotOpen):
        seal_equal(key, KEY_ID, CONTEXT, PLAINTEXT)
