# SPDX-License-Identifier: Apache-2.0
"""The data keys that seal: one at a time for each (CMKs, context, suite).

A fresh key is handed out without a question to anybody. From a jittered fraction of any of its
limits on, its successor is fetched in the background while it serves. What happens when the
successor does not come is for `tenure` to say.
"""

import logging
from collections.abc import Callable
from typing import NamedTuple

from cachetools import TTLCache

from sidecar.errors import KeyUnavailable
from sidecar.keys.cmks import Cmks, NamedCmks
from sidecar.keys.data_key import DataKey
from sidecar.keys.means import Means
from sidecar.keys.names import CmkRef, KeyContext
from sidecar.keys.providers import KeyDenied
from sidecar.keys.recent import Recent
from sidecar.keys.tenure import Tenure, Verdict

logger = logging.getLogger(__name__)


class SlotName(NamedTuple):
    """What a sealing key is current for."""

    cmk: CmkRef
    context: KeyContext
    suite: int


class _Slot:
    """The current key of one name, and the limits that were drawn for it."""

    __slots__ = ("key", "named", "refresh_bytes", "refresh_messages", "tenure")

    def __init__(self, key: DataKey, named: NamedCmks, means: Means) -> None:
        limits, fraction = means.limits, means.refresh_fraction()
        self.key = key
        self.named = named
        self.tenure = Tenure(limits, means.clock(), limits.max_age, limits.grace, fraction)
        self.refresh_messages = int(limits.max_messages * fraction)
        self.refresh_bytes = int(limits.max_bytes * fraction)


class SealingKeys:
    """Hands out current keys, and every new one to `on_new`: own writes are read without a KMS."""

    def __init__(
        self, means: Means, cmks: Cmks, on_new: Callable[[KeyContext, DataKey], None]
    ) -> None:
        self._means = means
        self._cmks = cmks
        self._on_new = on_new
        self._clock = means.clock
        self._stats = means.stats
        self._slots: Recent[tuple[CmkRef, KeyContext, int], _Slot] = Recent()
        self._failures: TTLCache[SlotName, KeyUnavailable] = TTLCache(
            means.limits.sealing_keys, means.limits.retry_first, timer=means.clock
        )

    def at_hand(self, cmk: CmkRef, context: KeyContext, suite: int) -> DataKey | None:
        """The key that seals now, or None where it has to be waited for."""
        slot = self._slots.find((cmk, context, suite))
        if slot is None:
            return None
        now = self._clock()
        if now >= slot.named.due_at:
            self._cmks.find(cmk)  # in the background
        if self._is_fresh(slot, now):
            self._stats.sealing_hits += 1
            return slot.key
        return self._serve_on(SlotName(cmk, context, suite), slot, now)

    async def current(self, cmk: CmkRef, context: KeyContext, suite: int) -> DataKey:
        """The key that seals now; suspends only when there is none to hand out."""
        key = self.at_hand(cmk, context, suite)
        return key or await self._wait(SlotName(cmk, context, suite))

    def _is_fresh(self, slot: _Slot, now: float) -> bool:
        key = slot.key
        return (
            now < slot.tenure.refresh_at
            and key.messages < slot.refresh_messages
            and key.sealed_bytes < slot.refresh_bytes
            and key.key_id == slot.named.seal
        )

    def _serve_on(self, name: SlotName, slot: _Slot, now: float) -> DataKey | None:
        """The key of a slot that is no longer fresh, if it may serve without waiting."""
        verdict = self._verdict(slot, now)
        if verdict in (Verdict.WAIT, Verdict.OVER):
            return None
        if slot.tenure.is_due(now):
            self._means.flights.start(name, lambda: self._renew(name))
            slot.tenure.renewal_asked()
        if verdict is Verdict.GRACE:
            self._stats.grace_sealing += 1
        else:
            self._stats.sealing_hits += 1
        return slot.key

    def _verdict(self, slot: _Slot, now: float) -> Verdict:
        limits, key = self._means.limits, slot.key
        if (
            key.key_id != slot.named.seal  # the alias has moved: a new rule for the next value
            or key.messages >= limits.hard_messages
            or key.sealed_bytes >= limits.hard_bytes
        ):
            return Verdict.OVER
        is_spent = key.messages >= limits.max_messages or key.sealed_bytes >= limits.max_bytes
        return slot.tenure.verdict(now, is_spent=is_spent)

    async def _wait(self, name: SlotName) -> DataKey:
        self._stats.sealing_misses += 1
        if error := self._failures.get(name):  # a moment ago: the KMS is not asked again so soon
            raise type(error)(error.why, error.retry_after)
        try:
            return await self._means.flights.run(name, lambda: self._renew(name))
        except KeyUnavailable:
            slot = self._slots.find(name)
            if slot is None or self._verdict(slot, self._clock()) is not Verdict.GRACE:
                raise
            self._stats.grace_sealing += 1
            return slot.key

    async def _renew(self, name: SlotName) -> DataKey:
        """One flight: the next key of `name`, in its slot and in the cache of opened keys."""
        try:
            slot = await self._fetch(name)
        except KeyUnavailable as error:
            self._note_failure(name, error)
            raise
        if name not in self._slots and len(self._slots) >= self._means.limits.sealing_keys:
            self._slots.drop_idlest()
            self._stats.evictions += 1
        self._slots.put(name, slot)
        self._on_new(name.context, slot.key)
        return slot.key

    async def _fetch(self, name: SlotName) -> _Slot:
        named = await self._cmks.resolve(name.cmk)
        # An alias may have moved since; its id says beforehand which CMK it will be (law 2). An ARN
        # goes as it is, because an id alone does not reach another account.
        target = named.seal if name.cmk.seal.startswith("alias/") else name.cmk.seal
        generated = await self._means.provider.generate_data_key(target, name.context)
        if generated.key_id != named.seal:
            raise KeyUnavailable("the KMS answered with another CMK than it was asked for")
        if not self._means.provider.is_plausible(generated.edk):  # or no read would open it (law 7)
            raise KeyUnavailable(
                f"the KMS gave an EDK ({len(generated.edk)} bytes) of unknown shape"
            )
        key = self._means.data_key(generated, generated.edk, name.suite)
        return _Slot(key, named, self._means)

    def _note_failure(self, name: SlotName, error: KeyUnavailable) -> None:
        self._failures[name] = type(error)(error.why, error.retry_after)
        slot = self._slots.get(name)
        if slot is None:
            return
        is_denied = isinstance(error, KeyDenied)
        if not slot.tenure.has_failed or (is_denied and not slot.tenure.is_denied):
            logger.warning(
                "no new data key for store %s, the current one serves %s: %s",
                name.context.store,
                "to its limit" if is_denied else "on for a while",
                error.why,
            )
        slot.tenure.renewal_failed(self._clock(), error, self._means.jitter())

    def clear(self) -> None:
        """Let go of every key."""
        self._slots.clear()
