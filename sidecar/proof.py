# SPDX-License-Identifier: Apache-2.0
"""Law 8: what will be needed at midnight is proved at start, each thing in one step.

`sidecar run` takes every step before it listens, `sidecar doctor` tells about each. A step returns
one sentence of what was found, or raises Misconfigured with what to do; KeyUnavailable when the KMS
is away, which waiting may help.
"""

import os
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import NamedTuple

from sidecar import envelope
from sidecar.envelope import SEALING_SUITES
from sidecar.errors import CannotOpen, Misconfigured, SidecarError
from sidecar.keys import CmkRef, KeyContext, Keyring
from sidecar.rules import Rule, RuleSet

_KEY_BYTES = 32
_PLACE = b"envelope-sidecar proof at start"


class Step(NamedTuple):
    """One thing to prove, under the name that a report gives it."""

    name: str
    prove: Callable[[], Awaitable[str]]


def steps(rule_set: RuleSet, keyring: Keyring) -> Iterator[Step]:
    """Everything that rules and keys need, in the order in which it is needed."""
    yield Step("suites", _prove_suites)
    for cmk in dict.fromkeys(rule.cmk for rule in rule_set.rules):
        yield Step(f"CMK {cmk.seal}", partial(_prove_cmk, keyring, cmk))
    for rule in rule_set.rules:
        if rule.lookup_keys:
            yield Step(f"lookup keys of {rule.name}", partial(_prove_lookup_keys, keyring, rule))


async def _prove_suites() -> str:
    key, edk, salt = os.urandom(_KEY_BYTES), b"edk", os.urandom(envelope.SALT_LENGTH)
    try:
        for suite in SEALING_SUITES.values():
            sealed = envelope.seal(suite, key, edk, _PLACE, salt, _PLACE)
            _compare(envelope.open_envelope(key, envelope.parse(sealed), _PLACE))
        equal = envelope.seal_equal(key, envelope.lookup_key_id(edk), _PLACE, _PLACE)
        _compare(envelope.open_equal(key, envelope.parse(equal), _PLACE))
    except Exception as error:
        kind = type(error).__name__
        raise Misconfigured(f"a suite does not work with this OpenSSL: {kind}") from error
    return f"{', '.join(SEALING_SUITES)} and deterministic envelopes seal and open"


def _compare(opened: bytes) -> None:
    if opened != _PLACE:
        raise CannotOpen


async def _prove_cmk(keyring: Keyring, cmk: CmkRef) -> str:
    proof = await keyring.prove(cmk)
    older = len(proof.opening_ids) - 1
    also = f"; {older} older still open" if older else ""
    return f"key {proof.key_id}, version {proof.key_version_id}, seals and opens{also}"


async def _prove_lookup_keys(keyring: Keyring, rule: Rule) -> str:
    context = KeyContext(rule.store.name, tenant="")
    for number, edk in enumerate(rule.lookup_keys, 1):
        try:
            await keyring.for_lookup(rule.cmk, context, (edk,))
        except SidecarError as error:
            if not isinstance(error, CannotOpen):
                raise
            raise Misconfigured(
                f"{rule.where}: lookup key {number} of rule {rule.name!r} does not open under "
                f"{rule.cmk.seal} for store {rule.store.name!r}; make one with: "
                f"sidecar rules lookup-key --cmk {rule.cmk.seal} --store {rule.store.name}"
            ) from None
    return f"{len(rule.lookup_keys)} opened, and resident from now on"
