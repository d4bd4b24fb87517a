# SPDX-License-Identifier: Apache-2.0
"""How keys come into a token: drawn in it, or (imported material) put there.

Each function gives work for `Token.make`. What it makes is private, sensitive, not extractable and
not modifiable, good for what its CMK is for and for nothing else; the token is asked whether it
agrees. The public half of a pair is handed out as a SubjectPublicKeyInfo and not kept in the token.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import pkcs11
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

from sidecar.hsm.errors import HsmError

type Work[T] = Callable[[pkcs11.Session], T]

_KEPT = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.MODIFIABLE: False,
    Attribute.WRAP: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
}
_KEPT_PRIVATE = {name: value for name, value in _KEPT.items() if name != Attribute.WRAP}
_ENCRYPT = {Attribute.ENCRYPT: True, Attribute.DECRYPT: True}


class Use(Enum):
    """What the private half of a pair is for."""

    SIGN = "sign"
    DECRYPT = "decrypt"
    BOTH = "both"
    """For the key of a certificate; one of a CMK has one use."""


_USES = {
    Use.SIGN: MechanismFlag.SIGN | MechanismFlag.VERIFY,
    Use.DECRYPT: MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
}
_USES[Use.BOTH] = _USES[Use.SIGN] | _USES[Use.DECRYPT]


def aes(key_id: bytes, label: str, bits: int) -> Work[None]:
    """An AES key for encryption."""

    def work(session: pkcs11.Session) -> None:
        key = session.generate_key(
            KeyType.AES,
            bits,
            id=key_id,
            label=label,
            store=True,
            capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
            template=_KEPT,
        )
        _insist(key, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE)

    return work


def imported_aes(key_id: bytes, label: str, material: bytes) -> Work[None]:
    """An AES key of somebody else's making; from here on it stays in the token as well."""

    def work(session: pkcs11.Session) -> None:
        key = session.create_object(
            {
                Attribute.CLASS: ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: KeyType.AES,
                Attribute.TOKEN: True,
                Attribute.ID: key_id,
                Attribute.LABEL: label,
                Attribute.VALUE: material,
                **_KEPT,
                **_ENCRYPT,
            }
        )
        _insist(key, Attribute.SENSITIVE)

    return work


def mac(key_id: bytes, label: str, size: int) -> Work[None]:
    """A key of `size` bytes for HMAC."""

    def work(session: pkcs11.Session) -> None:
        key = session.generate_key(
            KeyType.GENERIC_SECRET,
            size * 8,
            id=key_id,
            label=label,
            store=True,
            mechanism=Mechanism.GENERIC_SECRET_KEY_GEN,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            template=_KEPT,
        )
        _insist(key, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE)

    return work


def rsa(key_id: bytes, label: str, bits: int, use: Use) -> Work[bytes]:
    """An RSA pair (e = 65537); its public half."""

    def work(session: pkcs11.Session) -> bytes:
        public, private = session.generate_keypair(
            KeyType.RSA, bits, id=key_id, label=label, store=True, **_templates(use)
        )
        _insist(private, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE)
        told = load_der_public_key(encode_rsa_public_key(public))
        return told.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    return work


def ec(key_id: bytes, label: str, curve: str) -> Work[bytes]:
    """A pair for ECDSA on `curve` (`secp256r1`, `secp256k1`); its public half."""

    def work(session: pkcs11.Session) -> bytes:
        parameters = session.create_domain_parameters(
            KeyType.EC,
            {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)},
            local=True,
        )
        public, private = parameters.generate_keypair(
            id=key_id, label=label, store=True, **_templates(Use.SIGN)
        )
        _insist(private, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE)
        return encode_ec_public_key(public)

    return work


def _templates(use: Use) -> dict[str, Any]:
    """The public half is a session object: it is gone when the session ends."""
    return {
        "capabilities": _USES[use],
        "public_template": {Attribute.TOKEN: False},
        "private_template": _KEPT_PRIVATE,
    }


def _insist(key: Any, *attributes: Attribute) -> None:
    """The token's own word, not our wish: some modules drop attributes that they do not know."""
    kept: Mapping[Attribute, Any] = key.get_attributes([*attributes, Attribute.EXTRACTABLE])
    if not all(kept[name] for name in attributes) or kept[Attribute.EXTRACTABLE]:
        key.destroy()
        raise HsmError("the token does not keep keys from being extracted")
