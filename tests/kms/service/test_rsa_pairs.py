# SPDX-License-Identifier: Apache-2.0
"""Pairs can do what they are for, and are where their level says."""

import hashlib
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11 import Attribute

from sidecar.hsm import HsmThread, KeyMissing, Token
from sidecar.kms.service import public_keys
from sidecar.kms.service.in_process import InProcess
from sidecar.kms.service.rsa_pairs import PairKind, Purpose, make_rsa, name_in_token
from sidecar.kms.service.specs import SPECS, Level

DIGEST = hashlib.sha256(b"a message").digest()


def may(token: Token, key_id: bytes) -> tuple[bool, bool]:
    """What the token lets the key do: sign, decrypt."""
    return token.using(key_id, lambda key: (key[Attribute.SIGN], key[Attribute.DECRYPT]))


@pytest.mark.parametrize(
    ("purpose", "can"),
    [
        (Purpose.SIGN, (True, False)),
        (Purpose.DECRYPT, (False, True)),
        (Purpose.CERTIFICATE, (True, True)),
        (Purpose.IMPORT, (False, True)),
    ],
)
def test_a_pair_does_what_it_is_for_and_no_more(
    hsm: HsmThread, purpose: Purpose, can: tuple[bool, bool]
) -> None:
    kind, pair_id = PairKind("RSA_2048", purpose, Level.HSM), str(uuid.uuid4())
    made = hsm.run(lambda token: make_rsa(token, pair_id, kind))
    assert made.sealed is None
    key_id = name_in_token(pair_id, purpose)
    assert hsm.run(lambda token: may(token, key_id)) == can
    assert hsm.run(Token.list_key_ids) == ([] if purpose is Purpose.IMPORT else [key_id])


def test_a_pair_of_software_is_sealed_for_its_own_id(hsm: HsmThread) -> None:
    kind, pair_id = PairKind("RSA_2048", Purpose.SIGN, Level.SOFTWARE), str(uuid.uuid4())
    made = hsm.run(lambda token: make_rsa(token, pair_id, kind))
    assert made.sealed is not None
    assert hsm.run(Token.list_key_ids) == []
    sealed = made.sealed

    def sign(token: Token, as_of: str) -> bytes:
        holder = InProcess(token, SPECS["RSA_2048"], as_of, sealed)
        return holder.sign("RSA_PKCS1_SHA_256", DIGEST)

    signature = hsm.run(lambda token: sign(token, pair_id))
    assert public_keys.verify(made.public, "RSA_PKCS1_SHA_256", DIGEST, signature)
    with pytest.raises(KeyMissing):
        hsm.run(lambda token: sign(token, str(uuid.uuid4())))


def test_a_pair_has_the_size_of_its_spec(hsm: HsmThread) -> None:
    kind = PairKind("RSA_3072", Purpose.SIGN, Level.SOFTWARE)
    made = hsm.run(lambda token: make_rsa(token, str(uuid.uuid4()), kind))
    public = load_der_public_key(made.public)
    assert isinstance(public, RSAPublicKey)
    assert public.key_size == 3072


def test_what_is_no_pair_is_not_made(hsm: HsmThread) -> None:
    kind = PairKind("Aliyun_AES_256", Purpose.SIGN, Level.SOFTWARE)
    with pytest.raises(ValueError, match="no pair"):
        hsm.run(lambda token: make_rsa(token, str(uuid.uuid4()), kind))
