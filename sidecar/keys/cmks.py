# SPDX-License-Identifier: Apache-2.0
"""Which CMKs a rule names: aliases resolved to key ids through DescribeKey (law 2).

A resolution is looked up again in the background when it is old, and once more before an EDK is
refused because of it: another replica may already seal under the CMK to which an alias has just
moved. The last known resolution outlives a KMS outage; a name that never resolved names nothing.
"""

import logging

from sidecar.errors import KeyUnavailable
from sidecar.keys.means import Means
from sidecar.keys.names import CmkRef
from sidecar.keys.providers import KeyDenied

logger = logging.getLogger(__name__)


class NamedCmks:
    """What one CmkRef names now. One object a rule, updated in place, so holders see every change.

    `seal` is the id of the CMK that seals, `older` those under `open` by name; `ids` are all that
    open. `denied` is why the KMS would not tell when it was last reached: what is cached serves out
    its time, and no new data key is made.
    """

    __slots__ = ("checked_at", "denied", "due_at", "ids", "is_complete", "older", "seal")

    def __init__(self) -> None:
        self.seal = ""
        self.older: dict[str, str] = {}
        self.ids: frozenset[str] = frozenset()
        self.is_complete = False
        self.denied: str | None = None
        self.checked_at = 0.0
        self.due_at = 0.0


class Cmks:
    """Every CmkRef asked for so far. They come from rules, so their number needs no bound."""

    def __init__(self, means: Means) -> None:
        self._provider = means.provider
        self._flights = means.flights
        self._limits = means.limits
        self._clock = means.clock
        self._known: dict[CmkRef, NamedCmks] = {}

    def find(self, cmk: CmkRef) -> NamedCmks | None:
        """What `cmk` is known to name, or None before it was first resolved; never waits."""
        named = self._known.get(cmk)
        if named is not None and self._clock() >= named.due_at:
            self._flights.start(cmk, lambda: self._look_up(cmk))
        return named

    async def resolve(self, cmk: CmkRef) -> NamedCmks:
        """What `cmk` names, not older than `cmk_age` unless the KMS is away; KeyUnavailable."""
        named = self._known.get(cmk)
        if named is not None and self._clock() < named.due_at:
            if named.denied is not None:
                raise KeyDenied(named.denied)
            return named
        try:
            return await self._flights.run(cmk, lambda: self._look_up(cmk))
        except KeyUnavailable as error:
            if named is None or isinstance(error, KeyDenied):
                raise
        return named

    async def names(self, cmk: CmkRef, key_id: str) -> bool:
        """Whether `cmk` names the CMK `key_id`; KeyUnavailable when that cannot be told."""
        named = await self.resolve(cmk)
        if key_id in named.ids:
            return True
        if self._clock() - named.checked_at >= self._limits.cmk_recheck:
            named = await self._flights.run(cmk, lambda: self._look_up(cmk))
        if key_id not in named.ids and not named.is_complete:
            raise KeyUnavailable("not every CMK that the rule names could be looked up")
        return key_id in named.ids

    async def _look_up_seal(self, cmk: CmkRef) -> str:
        try:
            return (await self._provider.describe_key(cmk.seal)).key_id
        except KeyUnavailable as error:
            if (named := self._known.get(cmk)) is not None:
                named.due_at = self._clock() + self._limits.retry_most
                if isinstance(error, KeyDenied):  # an absence later does not lift it
                    named.denied = error.why
            raise

    async def _look_up(self, cmk: CmkRef) -> NamedCmks:
        seal = await self._look_up_seal(cmk)
        named = self._known.get(cmk) or NamedCmks()
        older: dict[str, str] = {}
        is_complete = True
        for name in cmk.open:
            try:
                older[name] = (await self._provider.describe_key(name)).key_id
            except KeyDenied as error:  # a retired CMK that is gone must not stop its successor
                logger.warning("CMK %s of a rule: %s", name, error.why)
            except KeyUnavailable:
                is_complete = False
                if name in named.older:
                    older[name] = named.older[name]
        if named.seal not in ("", seal):
            logger.warning(
                "%s moved from CMK %s to %s; what the former sealed opens only where the rule "
                "lists it under `open`",
                cmk.seal,
                named.seal,
                seal,
            )
        named.seal, named.older, named.is_complete = seal, older, is_complete
        named.ids = frozenset((seal, *older.values()))
        named.denied = None
        named.checked_at = self._clock()
        named.due_at = named.checked_at + self._limits.cmk_age
        self._known[cmk] = named
        return named
