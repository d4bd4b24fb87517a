# SPDX-License-Identifier: Apache-2.0
"""What SoftHSM can hold is found out by trying, and nothing of the trial stays."""

import pytest
from pkcs11 import Attribute

from sidecar.hsm import HsmThread, Token
from sidecar.hsm.probing import Kind, can_hold

HELD = [
    *(("AES", "128"), ("AES", "192"), ("AES", "256")),
    *(("RSA", "2048"), ("RSA", "3072"), ("RSA", "4096")),
    *(("EC", "secp256r1"), ("EC", "secp256k1")),
    *(("HMAC", "sha224"), ("HMAC", "sha256"), ("HMAC", "sha384"), ("HMAC", "sha512")),
]
NOT_HELD = [("SM4", "128"), ("SM2", "256"), ("HMAC", "sm3"), ("RSA", "65536")]


@pytest.mark.parametrize(("family", "size"), HELD)
def test_softhsm_holds_it(hsm: HsmThread, family: str, size: str) -> None:
    assert hsm.run(lambda token: can_hold(token, Kind(family, size)))


@pytest.mark.parametrize(("family", "size"), NOT_HELD)
def test_softhsm_does_not_hold_it(hsm: HsmThread, family: str, size: str) -> None:
    assert not hsm.run(lambda token: can_hold(token, Kind(family, size)))


def test_nothing_of_a_trial_stays_in_the_token(hsm: HsmThread) -> None:
    def count(token: Token) -> int:
        asked = {Attribute.PRIVATE: True}
        return len(list(token._lookup.session.get_objects(asked)))

    before = hsm.run(count)
    for kind in [Kind(*named) for named in HELD]:
        hsm.run(lambda token, kind=kind: can_hold(token, kind))
    assert hsm.run(count) == before


def test_a_trial_that_fails_leaves_the_token_serving(hsm: HsmThread) -> None:
    assert not hsm.run(lambda token: can_hold(token, Kind("AES", "100")))
    assert hsm.run(Token.has_anchor)
