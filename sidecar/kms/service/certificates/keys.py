# SPDX-License-Identifier: Apache-2.0
"""The private keys of certificates: in the token where it can hold them, else sealed by it.

A certificate's id is the name of its key. As with CMKs, first there is the key, then the row that
names it; and first the row is gone, then the key (law 7).
"""

from collections.abc import Callable

from sidecar.hsm import Token, making
from sidecar.kms.service.holder import Holder
from sidecar.kms.service.in_process import InProcess
from sidecar.kms.service.in_token import InToken
from sidecar.kms.service.material import best_level, token_holds
from sidecar.kms.service.ready_pairs import take
from sidecar.kms.service.rsa_pairs import MadePair, PairKind, Purpose, draw_pair
from sidecar.kms.service.specs import SPECS
from sidecar.kms.store import Certificate, Pairs

KEY_SPECS = ("RSA_2048", "EC_P256", "EC_SM2")


def make_pair(
    token: Token, pairs: Pairs, key_spec: str, new_id: Callable[[], str]
) -> tuple[str, MadePair]:
    """A pair, good for all that its certificate is used for, and its id; raise PairWanted."""
    spec = SPECS[key_spec]
    if spec.kind.family == "RSA":
        return take(token, pairs, PairKind(key_spec, Purpose.CERTIFICATE, best_level(token, spec)))
    certificate_id = new_id()
    if not token_holds(token, spec.kind):
        return certificate_id, draw_pair(token, certificate_id, spec)
    key_id = certificate_id.encode()
    work = making.ec(key_id, f"certificate {certificate_id}", spec.kind.size)
    return certificate_id, MadePair(token.make(key_id, work))


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
