# SPDX-License-Identifier: Apache-2.0
"""FF1 against its second implementation; NIST's own samples are among the vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.envelope import ff1
from tests.envelope.strategies import MODEST
from tests.vectors import independent

numerals = st.text("0123456789", min_size=6, max_size=256)


@MODEST
@given(st.sampled_from([16, 24, 32]), st.binary(max_size=80), numerals)
def test_both_implementations_agree(key_length, tweak, digits):
    key = bytes(range(key_length))
    encrypted = ff1.encrypt(key, tweak, digits)
    assert encrypted == independent.ff1(key, tweak, digits)
    assert ff1.decrypt(key, tweak, encrypted) == digits


@pytest.mark.parametrize("length", [6, 7, 38, 39, 40, 57, 58, 255, 256])
@pytest.mark.parametrize("digit", "09")
def test_lengths_at_which_blocks_are_added(length, digit):
    """Where b and d of the standard pass a block, and where halves differ in length."""
    digits = digit * length
    encrypted = ff1.encrypt(bytes(32), b"tweak", digits)
    assert encrypted == independent.ff1(bytes(32), b"tweak", digits)
    assert ff1.decrypt(bytes(32), b"tweak", encrypted) == digits
