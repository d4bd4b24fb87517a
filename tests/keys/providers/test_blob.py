# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st

from sidecar.envelope import MAX_EDK_LENGTH
from sidecar.keys.providers.blob import MIN_LENGTH, VERSION_ID_LENGTH, is_plausible

VERSION_ID = b"86a9efd9-3d16-4894-bd4f-1fc43f3f2abf"  # of the sample in the vendor's documentation


@given(st.binary(min_size=MIN_LENGTH - VERSION_ID_LENGTH, max_size=200))
def test_whatever_follows_a_version_id_is_tried(rest: bytes) -> None:
    assert is_plausible(VERSION_ID + rest)


@given(st.binary(max_size=MIN_LENGTH - 1))
def test_what_is_too_short_is_not(edk: bytes) -> None:
    assert not is_plausible(edk)


@given(st.integers(0, VERSION_ID_LENGTH - 1), st.sampled_from([*range(0x21), *range(0x7F, 256)]))
def test_what_has_no_version_id_is_not(position: int, byte: int) -> None:
    edk = bytearray(VERSION_ID + bytes(72))
    edk[position] = byte
    assert not is_plausible(bytes(edk))


def test_what_no_envelope_can_carry_is_not() -> None:
    assert is_plausible(VERSION_ID.ljust(MAX_EDK_LENGTH))
    assert not is_plausible(VERSION_ID.ljust(MAX_EDK_LENGTH + 1))
