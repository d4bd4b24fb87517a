# SPDX-License-Identifier: Apache-2.0
import pytest

from sidecar import envelope
from sidecar.errors import CannotOpen
from sidecar.keys import LookupKey
from sidecar.keys.providers import OpenedDataKey


def key(material: bytes = b"k" * 32, edk: bytes = b"the EDK") -> LookupKey:
    return LookupKey(OpenedDataKey(bytearray(material), "cmk-id", "version-id"), edk)


def test_equal_values_at_one_place_become_equal_envelopes_that_name_the_key() -> None:
    sealed = key().seal(b"place", b"value")
    assert sealed == key().seal(b"place", b"value")
    assert sealed != key().seal(b"another place", b"value")
    assert sealed != key(b"j" * 32).seal(b"place", b"value")
    parsed = envelope.parse_text(sealed)
    assert parsed.key == key().id == envelope.lookup_key_id(b"the EDK")
    assert key().open(parsed, b"place") == b"value"


def test_an_envelope_opens_with_its_own_key_at_its_own_place_alone() -> None:
    sealed = envelope.parse_text(key().seal(b"place", b"value"))
    for wrong, place in ((key(b"j" * 32), b"place"), (key(), b"another place")):
        with pytest.raises(CannotOpen):
            wrong.open(sealed, place)


def test_digits_become_other_digits_and_come_back() -> None:
    number = "4000-1234-5678-9017"
    protected = key().protect(b"place", number, 4)
    assert protected != number
    assert (len(protected), protected[-4:], protected[4]) == (len(number), "9017", "-")
    assert key().reveal(b"place", protected, 4) == number


def test_it_says_whose_it_is() -> None:
    assert repr(key()) == f"<LookupKey {key().id.hex()} of CMK cmk-id/version-id>"
