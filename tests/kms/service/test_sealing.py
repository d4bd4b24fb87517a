# SPDX-License-Identifier: Apache-2.0
"""What the database keeps opens for its own purpose alone, and on its own token."""

from collections.abc import Callable

import pytest

from sidecar.hsm import HsmThread, KeyMissing, Pkcs11Uri
from sidecar.hsm.reserved import ROOT_ID
from sidecar.kms.service.sealing import seal, unseal

SECRET = b"the material of a key"


def test_what_was_sealed_opens(hsm: HsmThread) -> None:
    sealed = hsm.run(lambda token: seal(token, SECRET, "of version a"))
    assert SECRET not in sealed
    assert hsm.run(lambda token: unseal(token, sealed, "of version a")) == SECRET
    assert hsm.run(lambda token: seal(token, SECRET, "of version a")) != sealed


def test_a_row_cannot_stand_for_another(hsm: HsmThread) -> None:
    sealed = hsm.run(lambda token: seal(token, SECRET, "of version a"))
    with pytest.raises(KeyMissing, match="does not open of version b"):
        hsm.run(lambda token: unseal(token, sealed, "of version b"))


@pytest.mark.parametrize("at", [0, 1, 12, 13, -1])
def test_a_changed_row_does_not_open(hsm: HsmThread, at: int) -> None:
    sealed = bytearray(hsm.run(lambda token: seal(token, SECRET, "a")))
    sealed[at] ^= 1
    with pytest.raises(KeyMissing):
        hsm.run(lambda token: unseal(token, bytes(sealed), "a"))


@pytest.mark.parametrize("sealed", [b"", b"\x01", bytes(40)])
def test_what_was_never_sealed_does_not_open(hsm: HsmThread, sealed: bytes) -> None:
    with pytest.raises(KeyMissing):
        hsm.run(lambda token: unseal(token, sealed, "a"))


def test_another_token_does_not_open_it(make_token: Callable[..., Pkcs11Uri]) -> None:
    with HsmThread(make_token("one")) as hsm:
        sealed = hsm.run(lambda token: seal(token, SECRET, "a"))
    with HsmThread(make_token("other")) as hsm, pytest.raises(KeyMissing):
        hsm.run(lambda token: unseal(token, sealed, "a"))


def test_a_lost_root_key_is_told_as_such(hsm: HsmThread) -> None:
    sealed = hsm.run(lambda token: seal(token, SECRET, "a"))
    hsm.run(lambda token: token.destroy(ROOT_ID))
    with pytest.raises(KeyMissing):
        hsm.run(lambda token: unseal(token, sealed, "a"))
