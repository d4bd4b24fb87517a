# SPDX-License-Identifier: Apache-2.0
"""ECDSA and HMAC of a token are what other implementations expect."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sidecar.hsm import HsmThread, making
from sidecar.hsm.signatures import HMAC, mac, sign_ecdsa

DIGEST = hashlib.sha256(b"a message").digest()


@pytest.mark.parametrize("curve", ["secp256r1", "secp256k1"])
def test_signatures_verify_elsewhere(hsm: HsmThread, curve: str) -> None:
    der = hsm.run(lambda token: token.make(b"k", making.ec(b"k", "a CMK", curve)))
    public = load_der_public_key(der)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    signature = hsm.run(lambda token: sign_ecdsa(token, b"k", DIGEST))
    public.verify(signature, DIGEST, ec.ECDSA(Prehashed(hashes.SHA256())))


@pytest.mark.parametrize("hash_name", HMAC)
def test_macs_have_the_length_of_their_hash_and_are_of_key_and_message(
    hsm: HsmThread, hash_name: str
) -> None:
    size = hashlib.new(hash_name).digest_size
    for key_id in (b"one", b"other"):
        hsm.run(lambda token, k=key_id: token.make(k, making.mac(k, "a CMK", size)))
    told = hsm.run(lambda token: mac(token, b"one", hash_name, b"a message"))
    assert len(told) == size
    assert hsm.run(lambda token: mac(token, b"one", hash_name, b"a message")) == told
    assert hsm.run(lambda token: mac(token, b"one", hash_name, b"another")) != told
    assert hsm.run(lambda token: mac(token, b"other", hash_name, b"a message")) != told
    assert len(hsm.run(lambda token: mac(token, b"one", hash_name, b""))) == size
