# SPDX-License-Identifier: Apache-2.0
"""Material of somebody else's making: how it comes in, how it ends, and that it stays the same.

    grant    a right to import, with an RSA pair of its own in the token, for 24 hours
    receive  the token opens what was encrypted to the pair; the material goes into the token
    expire   material whose time has come is destroyed; its CMK waits for it again

The pair never leaves the token, and opening happens there, but for some paddings that are taken off
here (`hsm.rsa`). The material
passes through this process for the length of one call, with every algorithm: SoftHSM unwraps keys
of any length and does not tell which, so that unwrapping inside it could let a short key pass for a
long one.

A CMK takes one material for ever, or old ciphertexts could stop opening: of the first a fingerprint
is kept, and no other is let in.
"""

import hashlib
import hmac

from sqlalchemy import Connection

from sidecar.hsm import BadCiphertext, Token, rsa
from sidecar.kms.service.material import destroy_material, put_material
from sidecar.kms.service.ready_pairs import take
from sidecar.kms.service.rsa_pairs import PairKind, Purpose, name_in_token
from sidecar.kms.service.specs import SPECS, Level
from sidecar.kms.service.states import KeyState
from sidecar.kms.store import Cmk, Material, Pairs, Shelf, import_tokens
from sidecar.kms.store.import_tokens import Grant

ALGORITHMS = ("RSAES_PKCS1_V1_5", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
WRAPPING = PairKind("RSA_2048", Purpose.IMPORT, Level.HSM)
GRANT_SECONDS = 24 * 60 * 60
MAX_GRANTS = 3
"""Pairs that one CMK may have in the token at a time; the oldest makes room."""

_OAEP = {"RSAES_OAEP_SHA_1": rsa.Oaep.SHA_1, "RSAES_OAEP_SHA_256": rsa.Oaep.SHA_256}


def grant(
    token: Token, connection: Connection, key_id: str, algorithm: str, expires_at: int
) -> tuple[Grant, bytes]:
    """A new right to import, and the public half of its pair; raise PairWanted."""
    pair_id, pair = take(token, Pairs(connection), WRAPPING)
    new = Grant(pair_id, key_id, algorithm, expires_at)
    import_tokens.add(connection, new)
    for old in import_tokens.list_of(connection, key_id)[:-MAX_GRANTS]:
        revoke(token, connection, old)
    return new, pair.public


def revoke(token: Token, connection: Connection, old: Grant) -> None:
    """Give the pair of a right to import up, and forget the right."""
    token.give_up(_pair_id(old))
    import_tokens.drop(connection, old.token_id)


def receive(token: Token, given: Grant, encrypted: bytes, size: int) -> bytes:
    """The material in `encrypted`; raise BadCiphertext for whatever is not `size` bytes of it.

    Raise KeyMissing where the pair is gone.
    """
    pair = _pair_id(given)
    if given.algorithm in _OAEP:
        material = rsa.decrypt_oaep(token, pair, encrypted, _OAEP[given.algorithm])
    else:
        material = rsa.decrypt_pkcs1(token, pair, encrypted, size)
    if len(material) != size:
        raise BadCiphertext
    return material


def put(token: Token, shelf: Shelf, cmk: Cmk, material: bytes) -> Material:
    """Put the material under the CMK's version; raise BadCiphertext where it is not the same."""
    version_id = cmk.primary_version
    mark = fingerprint(cmk.key_id, material)
    known = shelf.materials.find(cmk.key_id, version_id)
    if known is not None and not hmac.compare_digest(known.fingerprint or b"", mark):
        raise BadCiphertext
    return put_material(token, cmk, version_id, material)._replace(fingerprint=mark)


def fingerprint(key_id: str, material: bytes) -> bytes:
    """By it the same material is known again; of a random key it tells nothing.

    It is a function of the CMK as well, so that equal materials of two CMKs do not look equal.
    """
    told = b"envelope-sidecar/kms/imported/1\0" + key_id.encode()
    return hmac.digest(material, told, hashlib.sha256)


def as_of(cmk: Cmk, now: int) -> Cmk:
    """The CMK as it stands at `now`, whether or not its expired material was destroyed already."""
    if cmk.material_expires_at is None or now < cmk.material_expires_at:
        return cmk
    return cmk._replace(state=_without_material(cmk), material_expires_at=None)


def forget(token: Token, shelf: Shelf, cmk: Cmk) -> None:
    """Destroy the imported material of a CMK, which then waits for it."""
    if cmk.primary_version:
        destroy_material(token, shelf, cmk.primary_version)
    shelf.change(cmk, material_expires_at=None, state=_without_material(cmk))


def material_bytes(cmk: Cmk) -> int:
    """How long material for this CMK must be."""
    return SPECS[cmk.key_spec].size


def _pair_id(given: Grant) -> bytes:
    return name_in_token(given.token_id, Purpose.IMPORT)


def _without_material(cmk: Cmk) -> str:
    """A CMK that waits for its deletion goes on waiting."""
    pending = KeyState.PENDING_DELETION
    return pending if cmk.state == pending else KeyState.PENDING_IMPORT
