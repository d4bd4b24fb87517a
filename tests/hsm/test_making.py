# SPDX-License-Identifier: Apache-2.0
"""Keys of every kind come into a real token, and no way leads them out of it."""

from collections.abc import Callable
from typing import Any

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11 import Attribute, Mechanism, ObjectClass

from sidecar.hsm import HsmError, HsmThread, Token, making
from sidecar.hsm.making import Use
from sidecar.hsm.reserved import ANCHOR_ID, ROOT_ID

ID = b"0b5e6e0c-6e46-4b7a-9d52-3a0b8f1f6f01"

SECRETS: dict[str, tuple[Callable[[], making.Work[Any]], Attribute]] = {
    "AES": (lambda: making.aes(ID, "a CMK", 192), Attribute.VALUE),
    "imported AES": (lambda: making.imported_aes(ID, "a CMK", bytes(32)), Attribute.VALUE),
    "HMAC": (lambda: making.mac(ID, "a CMK", 32), Attribute.VALUE),
    "RSA": (lambda: making.rsa(ID, "a CMK", 2048, Use.SIGN), Attribute.PRIVATE_EXPONENT),
    "EC": (lambda: making.ec(ID, "a CMK", "secp256k1"), Attribute.VALUE),
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_key_cannot_be_read_wrapped_or_loosened(hsm: HsmThread, kind: str) -> None:
    make, secret = SECRETS[kind]

    def attack(token: Token) -> None:
        token.make(ID, make())
        key: Any = token._lookup.search(ID)
        with pytest.raises(pkcs11.AttributeSensitive):
            _ = key[secret]
        thief: Any = token._lookup.session.generate_key(pkcs11.KeyType.AES, 256)
        for mechanism in (Mechanism.AES_KEY_WRAP, Mechanism.AES_KEY_WRAP_PAD):
            with pytest.raises(pkcs11.PKCS11Error):
                thief.wrap_key(key, mechanism=mechanism)
        for attribute in (Attribute.EXTRACTABLE, Attribute.WRAP, Attribute.DERIVE):
            with pytest.raises(pkcs11.PKCS11Error):
                key[attribute] = True

    hsm.run(attack)


@pytest.mark.parametrize(
    ("use", "may"),
    [(Use.SIGN, Attribute.SIGN), (Use.DECRYPT, Attribute.DECRYPT)],
)
def test_a_pair_is_good_for_its_use_alone(hsm: HsmThread, use: Use, may: Attribute) -> None:
    hsm.run(lambda token: token.make(ID, making.rsa(ID, "a CMK", 2048, use)))

    def allowed(token: Token) -> set[Attribute]:
        key: Any = token._lookup.search(ID)
        uses = (Attribute.SIGN, Attribute.DECRYPT, Attribute.UNWRAP)
        return {attribute for attribute in uses if key[attribute]}

    assert hsm.run(allowed) == {may}


def test_the_public_half_is_handed_out_and_not_kept(hsm: HsmThread) -> None:
    pair = hsm.run(lambda token: token.make(ID, making.rsa(ID, "a CMK", 2048, Use.SIGN)))
    point = hsm.run(lambda token: token.make(b"ec", making.ec(b"ec", "a CMK", "secp256r1")))
    loaded = load_der_public_key(pair)
    assert isinstance(loaded, rsa.RSAPublicKey)
    assert (loaded.key_size, loaded.public_numbers().e) == (2048, 65537)
    curve = load_der_public_key(point)
    assert isinstance(curve, ec.EllipticCurvePublicKey)
    assert curve.curve.name == "secp256r1"

    def public_objects(token: Token) -> list[Any]:
        asked = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.TOKEN: True}
        return list(token._lookup.session.get_objects(asked))

    assert hsm.run(public_objects) == []


def test_all_keys_but_the_reserved_ones_are_listed_and_destroyed_by_id(hsm: HsmThread) -> None:
    hsm.run(lambda token: token.make(b"pair", making.ec(b"pair", "a CMK", "secp256r1")))
    hsm.run(lambda token: token.make(b"mac", making.mac(b"mac", "a CMK", 48)))
    assert hsm.run(Token.list_key_ids) == [b"mac", b"pair"]
    hsm.run(lambda token: token.destroy(b"pair"))
    hsm.run(lambda token: token.destroy(b"never was"))
    assert hsm.run(Token.list_key_ids) == [b"mac"]


@pytest.mark.parametrize("key_id", [ANCHOR_ID, ROOT_ID, b"", b"x" * 256])
def test_reserved_and_impossible_ids_are_refused(hsm: HsmThread, key_id: bytes) -> None:
    with pytest.raises(HsmError):
        hsm.run(lambda token: token.make(key_id, making.mac(key_id, "a CMK", 32)))


def test_what_stands_under_an_id_is_not_replaced(hsm: HsmThread) -> None:
    first = hsm.run(lambda token: token.make(ID, making.ec(ID, "a CMK", "secp256r1")))
    with pytest.raises(HsmError, match="stands in the token already"):
        hsm.run(lambda token: token.make(ID, making.aes(ID, "another", 256)))
    assert first
