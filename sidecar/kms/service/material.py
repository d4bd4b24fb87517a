# SPDX-License-Identifier: Apache-2.0
"""Key material: made, put, found and destroyed, in the token or sealed for this process.

Law 7: first the material, then the row that names it. A crash between the two leaves a key in the
token that nobody was told of; the other order could leave a CMK that cannot be used.
"""

from collections.abc import Callable

from sidecar.hsm import KeyMissing, Token, making
from sidecar.hsm.probing import Kind, can_hold
from sidecar.kms.service.holder import Holder
from sidecar.kms.service.in_process import InProcess, draw, seal_material
from sidecar.kms.service.in_token import InToken
from sidecar.kms.service.ready_pairs import take
from sidecar.kms.service.rsa_pairs import MadePair, PairKind, Purpose
from sidecar.kms.service.specs import SPECS, Level, Spec, Usage
from sidecar.kms.service.states import KeyState
from sidecar.kms.store import Cmk, Material, Shelf

_IN_TOKEN = Material(is_in_token=True)


def best_level(token: Token, spec: Spec) -> Level:
    """The level of a CMK for which none was asked: the token's, where the token can."""
    return Level.HSM if token_holds(token, spec.kind) else Level.SOFTWARE


def token_holds(token: Token, kind: Kind) -> bool:
    """Whether the token can hold such keys; tried once for each kind."""
    if kind not in token.probed:
        token.probed[kind] = can_hold(token, kind)
    return token.probed[kind]


def add_made(token: Token, shelf: Shelf, cmk: Cmk, new_id: Callable[[], str]) -> Cmk:
    """Store a new CMK with its first version; the CMK as it stands then. Raise PairWanted."""
    version_id, material = make_version(token, shelf, cmk, new_id)
    made = cmk._replace(primary_version=version_id, state=KeyState.ENABLED)
    shelf.add_key(made, material)
    return made


def make_version(
    token: Token, shelf: Shelf, cmk: Cmk, new_id: Callable[[], str]
) -> tuple[str, Material]:
    """The id and the material of a new version of the CMK; raise PairWanted.

    To be stored with `Shelf.add_version`.
    """
    kind = _find_rsa_kind(cmk)
    if kind is None:
        version_id = new_id()
        return version_id, make_material(token, cmk, version_id)
    pair_id, pair = take(token, shelf.pairs, kind)
    return pair_id, _of_pair(pair)


def make_material(token: Token, cmk: Cmk, version_id: str) -> Material:
    """Material for a version of a CMK of any spec but RSA's, whose pairs are made beforehand."""
    spec = SPECS[cmk.key_spec]
    if cmk.protection_level == Level.SOFTWARE:
        material, public = draw(token, spec)
        return Material(
            is_in_token=False,
            sealed=seal_material(token, version_id, material),
            public_key=public,
        )
    key_id = version_id.encode()
    family, size = spec.kind
    if family == "AES":
        token.generate_aes(key_id, cmk.key_id, int(size))
    elif family == "HMAC":
        token.make(key_id, making.mac(key_id, cmk.key_id, spec.size))
    else:
        return _of_pair(MadePair(token.make(key_id, making.ec(key_id, cmk.key_id, size))))
    return _IN_TOKEN


def put_material(token: Token, cmk: Cmk, version_id: str, material: bytes) -> Material:
    """Material that was brought, for a version of a symmetric CMK; a version has but one.

    So what the token holds of it stays: whoever deleted it a moment ago may not be answered yet.
    """
    if cmk.protection_level == Level.SOFTWARE:
        return Material(is_in_token=False, sealed=seal_material(token, version_id, material))
    key_id = version_id.encode()
    if not token.holds(key_id):
        token.make(key_id, making.imported_aes(key_id, cmk.key_id, material))
    return _IN_TOKEN


def destroy_material(token: Token, shelf: Shelf, version_id: str) -> None:
    """Destroy the material of a version for good, once that is durable. Its row stays."""
    token.give_up(version_id.encode())
    shelf.materials.forget(version_id)


def holder_of(token: Token, shelf: Shelf, cmk: Cmk, version_id: str) -> Holder:
    """Who holds the material of a version of this CMK; raise KeyMissing where nobody does."""
    spec = SPECS[cmk.key_spec]
    if cmk.protection_level == Level.HSM:
        return InToken(token, spec, version_id.encode())
    material = shelf.materials.find(cmk.key_id, version_id)
    if material is None or material.sealed is None:
        raise KeyMissing(f"the database does not hold the material of version {version_id}")
    return InProcess(token, spec, version_id, material.sealed)


def _find_rsa_kind(cmk: Cmk) -> PairKind | None:
    if SPECS[cmk.key_spec].kind.family != "RSA":
        return None
    purpose = Purpose.SIGN if cmk.key_usage == Usage.SIGN else Purpose.DECRYPT
    return PairKind(cmk.key_spec, purpose, Level(cmk.protection_level))


def _of_pair(pair: MadePair) -> Material:
    return Material(is_in_token=pair.sealed is None, sealed=pair.sealed, public_key=pair.public)
