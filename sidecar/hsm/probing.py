# SPDX-License-Identifier: Apache-2.0
"""Which kinds of keys a token can hold and use: it is tried, with keys that go when it is done.

RSA pairs take long to make; for them the token's own list of mechanisms and sizes is believed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag
from pkcs11.mechanisms import GCMParams
from pkcs11.util.ec import encode_named_curve_parameters

from sidecar.hsm.signatures import HMAC
from sidecar.hsm.token import Token


class Kind(NamedTuple):
    """A family and a size, curve or hash: AES 256, RSA 2048, EC secp256r1, HMAC sha256."""

    family: str
    size: str


def can_hold(token: Token, kind: Kind) -> bool:
    """Whether the token makes keys of this kind and does with them what CMKs are for."""
    if kind.family == "RSA":
        return _claims_rsa(token, int(kind.size))
    trial = _TRIALS[kind.family]
    return token.attempt(lambda session: trial(session, kind.size))


def _claims_rsa(token: Token, bits: int) -> bool:
    told = token.mechanisms()
    opening = (Mechanism.RSA_PKCS_OAEP, Mechanism.RSA_X_509)
    signing = (Mechanism.RSA_PKCS, Mechanism.RSA_PKCS_PSS)
    return (
        bits in told.get(Mechanism.RSA_PKCS_KEY_PAIR_GEN, range(0))
        and any(one in told for one in opening)
        and all(one in told for one in signing)
    )


def _aes(session: Any, bits: str) -> bool:
    use = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
    key = session.generate_key(KeyType.AES, int(bits), capabilities=use)
    parameters = GCMParams(bytes(12), b"", 128)
    sealed = key.encrypt(b"trial", mechanism=Mechanism.AES_GCM, mechanism_param=parameters)
    opened = key.decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=parameters)
    key.destroy()
    return bool(opened == b"trial")


def _ec(session: Any, curve: str) -> bool:
    parameters = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
    )
    use = MechanismFlag.SIGN | MechanismFlag.VERIFY
    public, private = parameters.generate_keypair(capabilities=use)
    signature = private.sign(bytes(32), mechanism=Mechanism.ECDSA)
    is_good = public.verify(bytes(32), signature, mechanism=Mechanism.ECDSA)
    private.destroy()
    public.destroy()
    return bool(is_good)


def _hmac(session: Any, hash_name: str) -> bool:
    mechanism = HMAC.get(hash_name)
    if mechanism is None:
        return False
    use = MechanismFlag.SIGN | MechanismFlag.VERIFY
    making = Mechanism.GENERIC_SECRET_KEY_GEN
    key = session.generate_key(KeyType.GENERIC_SECRET, 512, mechanism=making, capabilities=use)
    is_good = len(key.sign(b"trial", mechanism=mechanism)) > 0
    key.destroy()
    return is_good


def _never(_: object, __: str) -> bool:
    """No mechanism of PKCS#11 2.40 or 3.0 stands for SM2 or SM4."""
    return False


_TRIALS: dict[str, Callable[[Any, str], bool]] = {
    "AES": _aes,
    "EC": _ec,
    "HMAC": _hmac,
    "SM2": _never,
    "SM4": _never,
}
