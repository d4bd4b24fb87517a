# SPDX-License-Identifier: Apache-2.0
"""The real transform under keys that end with the rehearsal.

Lookup keys in rules are sealed by somebody's KMS, which is not asked; each is exchanged for one of
the rehearsal's own, the same for the same wherever it stands.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from sidecar.errors import Malformed
from sidecar.keys import KeyContext, Keyring
from sidecar.keys.providers.ephemeral import EphemeralProvider
from sidecar.message import Refusal, RequestHead
from sidecar.recorded import Answer
from sidecar.rules import Match, Rule, RuleSet, compile_rules
from sidecar.transform import Opened, RuledHold, Sealed, Transform

_SILENT = logging.NullHandler()
"""Refusals are told by whoever rehearses; lines of audit would tell of a store that is none."""


class Stage:
    """A set of rules, ready for messages."""

    def __init__(self, rule_set: RuleSet, keyring: Keyring) -> None:
        self._plan = compile_rules(rule_set)
        self._transform = Transform(self._plan, keyring)
        self.claim = self._transform.claim

    def find(self, head: RequestHead) -> Match | None:
        """The rule that `head` falls under; None too where it can be read in two ways."""
        try:
            return self._plan.find(head.authority, head.method.decode("latin-1"), head.target)
        except Malformed:
            return None

    async def seal(self, hold: RuledHold, body: bytes) -> Sealed | Refusal:
        """The request as the store would get it; whatever is raised is refused, as by the guard."""
        try:
            return await self._transform.seal_request(hold, body)
        except Exception as error:  # noqa: BLE001 - as the proxy's guard does
            return self._transform.refusal(hold, error)

    async def open(self, hold: RuledHold, answer: Answer) -> Opened | Refusal:
        """The answer as the client would get it; whatever is raised is refused."""
        try:
            return await self._transform.open_response(hold, answer.head, answer.body)
        except Exception as error:  # noqa: BLE001 - as the proxy's guard does
            return self._transform.refusal(hold, error)


@asynccontextmanager
async def staged(rule_set: RuleSet) -> AsyncIterator[Stage]:
    """A stage for `rule_set`; Misconfigured where a store cannot do what a rule asks of it."""
    logging.getLogger("sidecar").addHandler(_SILENT)
    provider = EphemeralProvider()
    keyring = Keyring(provider)
    try:
        rules = await _with_own_lookup_keys(rule_set.rules, provider)
        yield Stage(RuleSet(tuple(rules)), keyring)
    finally:
        await keyring.aclose()


async def _with_own_lookup_keys(rules: tuple[Rule, ...], provider: EphemeralProvider) -> list[Rule]:
    own: dict[tuple[str, bytes], bytes] = {}
    for rule in rules:
        context = KeyContext(rule.store.name, tenant="")
        for edk in rule.lookup_keys:
            if (context.store, edk) not in own:
                made = await provider.generate_data_key(rule.cmk.seal, context)
                own[context.store, edk] = made.edk
    return [
        replace(rule, lookup_keys=tuple(own[rule.store.name, edk] for edk in rule.lookup_keys))
        for rule in rules
    ]
