# SPDX-License-Identifier: Apache-2.0
"""Proof at start that the CMKs of a rule will do what they are needed for (law 8).

Every CMK is reached by the name that the rule gives it; the one that seals makes a data key and
opens it again. An absence of the KMS stays KeyUnavailable, because waiting may help; whatever a
person has to mend is Misconfigured.
"""

from typing import NamedTuple

from sidecar import envelope
from sidecar.envelope import DEFAULT_SUITE
from sidecar.errors import CannotOpen, Misconfigured
from sidecar.keys.means import Means
from sidecar.keys.names import CmkRef, KeyContext
from sidecar.keys.providers import CmkDescription, KeyDenied, Provider

PROOF_CONTEXT = KeyContext("envelope-sidecar proof at start", "")
ENABLED = "Enabled"


class KeyProof(NamedTuple):
    """What was proved about the CMKs of a rule, in ids."""

    key_id: str
    key_version_id: str
    opening_ids: frozenset[str]


async def prove(means: Means, cmk: CmkRef) -> KeyProof:
    """Reach every CMK of a rule and seal under the first; Misconfigured, KeyUnavailable."""
    provider = means.provider
    seal = await _describe(provider, cmk.seal)
    if seal.state != ENABLED:
        raise Misconfigured(f"CMK {cmk.seal} is {seal.state}; it must be {ENABLED} to seal")
    older = [await _describe(provider, name) for name in cmk.open]
    version_id = await _round_trip(means, cmk.seal, seal.key_id)
    return KeyProof(seal.key_id, version_id, frozenset(each.key_id for each in (seal, *older)))


async def _describe(provider: Provider, name: str) -> CmkDescription:
    try:
        return await provider.describe_key(name)
    except KeyDenied as error:
        raise Misconfigured(f"CMK {name} cannot be used: {error.why}") from error


async def _round_trip(means: Means, name: str, key_id: str) -> str:
    """Seal under a new data key and open with what the KMS says is in its EDK; the CMK version."""
    try:
        made = await means.provider.generate_data_key(name, PROOF_CONTEXT)
        opened = await means.provider.decrypt(made.edk, PROOF_CONTEXT)
        sealing, opening = (means.data_key(key, made.edk, DEFAULT_SUITE) for key in (made, opened))
        opening.open(envelope.parse_text(sealing.seal(b"", b"proof")), b"")
    except (KeyDenied, CannotOpen) as error:
        raise Misconfigured(f"CMK {name} does not seal and open: {error.why}") from error
    if not sealing.key_id == opening.key_id == key_id:
        raise Misconfigured(f"CMK {name} is {key_id}, but another CMK made its data keys")
    if not means.provider.is_plausible(made.edk):
        raise Misconfigured(f"CMK {name}: its EDKs ({len(made.edk)} bytes) have an unknown shape")
    return sealing.key_version_id
