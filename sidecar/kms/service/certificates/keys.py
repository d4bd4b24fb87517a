# SPDX-License-Identifier: Apache-2.0
"""The private keys of certificates: in the token where it can hold them, else sealed by it.

A certificate's id is the name of its key. As with CMKs, first there is the key, then the row that
names it; and first the row is gone, then the key (law 7).
"""

from typing import NamedTuple

from sidecar.hsm import Token, making
from sidecar.kms.service.holder import Holder
from sidecar.kms.service.in_process import InProcess, draw, seal_material
from sidecar.kms.service.in_token import InToken
from sidecar.kms.service.material import token_holds
from sidecar.kms.service.specs import SPECS
from sidecar.kms.store import Certificate

KEY_SPECS = ("RSA_2048", "EC_P256", "EC_SM2")


class Pair(NamedTuple):
    """A key pair, as it may be kept."""

    public: bytes
    """The DER of a SubjectPublicKeyInfo."""
    sealed: bytes | None = None
    """The private half, where the token does not hold it."""


def make_pair(token: Token, certificate_id: str, key_spec: str) -> Pair:
    """A new pair, good for all that its certificate is used for."""
    spec = SPECS[key_spec]
    key_id = certificate_id.encode()
    if not token_holds(token, spec.kind):
        private, public = draw(token, spec)
        if public is None:
            raise ValueError("a certificate needs a pair")
        return Pair(public, seal_material(token, certificate_id, private))
    label = f"certificate {certificate_id}"
    if spec.kind.family == "RSA":
        work = making.rsa(key_id, label, int(spec.kind.size), making.Use.BOTH)
    else:
        work = making.ec(key_id, label, spec.kind.size)
    return Pair(token.make(key_id, work))


def holder_of(token: Token, certificate: Certificate) -> Holder:
    """Who holds the private key."""
    spec = SPECS[certificate.key_spec]
    if certificate.sealed is None:
        return InToken(token, spec, certificate.certificate_id.encode())
    return InProcess(token, spec, certificate.certificate_id, certificate.sealed)


def give_up_key(token: Token, certificate: Certificate) -> None:
    """Let the key be destroyed, once it is durable that no certificate names it any more."""
    if certificate.sealed is None:
        token.give_up(certificate.certificate_id.encode())
