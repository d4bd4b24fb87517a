# SPDX-License-Identifier: Apache-2.0
"""RSA pairs of every kind that the KMS core needs, made in the token or sealed by it.

Making one takes a token from a tenth of a second to many, so it is not done where calls are served:
`kms/pair_process.py` does it. `ready_pairs.py` is where calls find what was made.
"""

from enum import StrEnum
from typing import NamedTuple

from sidecar.hsm import Token, making
from sidecar.hsm.reserved import RESERVED_IDS
from sidecar.kms.service.in_process import draw, seal_material
from sidecar.kms.service.specs import SPECS, Level, Spec


class Purpose(StrEnum):
    """What a pair is for, and so what its private half can do."""

    SIGN = "sign"
    DECRYPT = "decrypt"
    CERTIFICATE = "certificate"
    IMPORT = "import"


_USES = {
    Purpose.SIGN: making.Use.SIGN,
    Purpose.DECRYPT: making.Use.DECRYPT,
    Purpose.CERTIFICATE: making.Use.BOTH,
    Purpose.IMPORT: making.Use.DECRYPT,
}


class PairKind(NamedTuple):
    """What one pair has in common with those that may stand in for it."""

    key_spec: str
    purpose: Purpose
    level: Level


class MadePair(NamedTuple):
    """What is kept of a pair outside of the token."""

    public: bytes
    """The DER of a SubjectPublicKeyInfo."""
    sealed: bytes | None = None
    """The private half at SOFTWARE level, sealed under the pair's id."""


def make_rsa(token: Token, pair_id: str, kind: PairKind) -> MadePair:
    """A pair that has this id from now on; whoever made it sees that something names it."""
    spec = SPECS[kind.key_spec]
    if kind.level == Level.SOFTWARE:
        return draw_pair(token, pair_id, spec)
    key_id = name_in_token(pair_id, kind.purpose)
    work = making.rsa(key_id, pair_id, int(spec.kind.size), _USES[kind.purpose])
    return MadePair(token.make(key_id, work))


def draw_pair(token: Token, pair_id: str, spec: Spec) -> MadePair:
    """A pair of any such spec, drawn in this process and sealed under its id."""
    private, public = draw(token, spec)
    if public is None:
        raise ValueError("this spec is no pair's")
    return MadePair(public, seal_material(token, pair_id, private))


def name_in_token(pair_id: str, purpose: str) -> bytes:
    """The CKA_ID of a pair; one to import with is nobody's key, and does not look like one."""
    prefix = RESERVED_IDS + b"import:" if purpose == Purpose.IMPORT else b""
    return prefix + pair_id.encode()
