# SPDX-License-Identifier: Apache-2.0
import pytest

from sidecar import envelope
from sidecar.errors import CannotOpen
from sidecar.keys import DataKey
from sidecar.keys.providers import OpenedDataKey


def key(suite: int, salt: bytes = b"") -> DataKey:
    opened = OpenedDataKey(bytearray(b"k" * 32), "cmk-id", "version-id")
    return DataKey(opened, b"the EDK", suite, lambda: salt or bytes(envelope.SALT_LENGTH))


@pytest.mark.parametrize("suite", envelope.SEALING_SUITES.values(), ids=envelope.SEALING_SUITES)
def test_what_it_seals_names_its_edk_and_suite_and_opens_at_its_place_alone(suite: int) -> None:
    data_key = key(suite)
    sealed = envelope.parse_text(data_key.seal(b"place", b"value"))
    assert (sealed.suite, sealed.key) == (suite, b"the EDK")
    assert data_key.open(sealed, b"place") == b"value"
    with pytest.raises(CannotOpen):
        data_key.open(sealed, b"another place")


def test_every_message_draws_its_own_salt() -> None:
    salts = iter((b"a" * envelope.SALT_LENGTH, b"b" * envelope.SALT_LENGTH))
    opened = OpenedDataKey(bytearray(32), "cmk-id", "version-id")
    data_key = DataKey(opened, b"the EDK", envelope.DEFAULT_SUITE, lambda: next(salts))
    assert data_key.seal(b"place", b"value") != data_key.seal(b"place", b"value")


def test_it_counts_what_it_seals_and_says_whose_it_is() -> None:
    data_key = key(envelope.DEFAULT_SUITE)
    for length in (0, 1, 100_000):
        data_key.seal(b"place", bytes(length))
    assert (data_key.messages, data_key.sealed_bytes) == (3, 100_001)
    assert repr(data_key) == "<DataKey of CMK cmk-id/version-id, 3 messages>"
