# SPDX-License-Identifier: Apache-2.0
"""From EDKs to the keys that open: the cache, then the KMS, and law 2 over both.

A key in the cache was opened in this very context, but perhaps for another rule: so the CMK that
opened it is held against the rule each time. What is missing is asked of the KMS all at once,
each EDK in one flight, a bounded number at a time for each context.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress

from sidecar.envelope import DEFAULT_SUITE
from sidecar.errors import CannotOpen, KeyUnavailable
from sidecar.keys.asking import Asking
from sidecar.keys.cache import Opened, OpenedKeys
from sidecar.keys.cmks import Cmks
from sidecar.keys.data_key import DataKey
from sidecar.keys.flights import outcome
from sidecar.keys.gate import Gate, Gates
from sidecar.keys.means import Means
from sidecar.keys.names import CmkRef, KeyContext, Question
from sidecar.keys.tenure import Verdict


class OpeningKeys:
    """Opens EDKs and keeps the keys in `cache`."""

    def __init__(self, means: Means, cmks: Cmks, asking: Asking) -> None:
        self.cache = OpenedKeys(means)
        self._means = means
        self._stats = means.stats
        self._clock = means.clock
        self._cmks = cmks
        self._asking = asking
        self._gates = Gates(means)

    def at_hand(
        self, cmk: CmkRef, context: KeyContext, edks: Collection[bytes]
    ) -> dict[bytes, DataKey]:
        """The keys of those EDKs that have not to be asked for; counted where that is all."""
        named = self._cmks.find(cmk)
        partition = self.cache.find(context)
        found: dict[bytes, DataKey] = {}
        if named is None or partition is None:
            return found
        ids, now = named.ids, self._clock()
        hits = 0
        for edk in edks:
            opened = partition.find(edk)
            if opened and opened.key.key_id in ids and now < opened.tenure.refresh_at:
                found[edk] = opened.key
                hits += 1
            elif key := self._serve_on(Question(cmk, context, edk)):
                found[edk] = key
        if len(found) == len(edks):  # else whoever asks comes again and waits
            self._stats.opening_hits += hits
        return found

    async def open(
        self, cmk: CmkRef, context: KeyContext, edks: Collection[bytes]
    ) -> dict[bytes, DataKey]:
        """A key for every EDK; suspends only when one of them has to be asked for."""
        found = self.at_hand(cmk, context, edks)
        if len(found) < len(edks):
            missing = [Question(cmk, context, edk) for edk in edks if edk not in found]
            await self._fetch(missing, found)
        return found

    async def _fetch(self, missing: list[Question], found: dict[bytes, DataKey]) -> None:
        """Ask for what is `missing`, and add it to `found`."""
        self._stats.opening_hits += len(found)
        for question in missing:
            self._asking.refuse_early(question)
        self._stats.opening_misses += len(missing)
        errors: list[CannotOpen | KeyUnavailable] = []
        flights: list[tuple[Question, asyncio.Task[DataKey]]] = []
        for question in missing:
            try:
                flights.append((question, self._join(question)))
            except KeyUnavailable as error:
                errors.append(error)
        if flights:
            await asyncio.wait([task for _, task in flights])
        for question, task in flights:
            try:
                found[question.edk] = self._landed(question, task)
            except (CannotOpen, KeyUnavailable) as error:
                errors.append(error)
        if errors:  # a refusal that stands comes before an absence that passes
            raise min(errors, key=lambda error: isinstance(error, KeyUnavailable))

    def _find(self, question: Question) -> Opened | None:
        """The cached key of an EDK, if the rule names its CMK."""
        named, partition = self._cmks.find(question.cmk), self.cache.find(question.context)
        if named is None or partition is None:
            return None
        opened = partition.find(question.edk)
        return opened if opened and opened.key.key_id in named.ids else None

    def _serve_on(self, question: Question) -> DataKey | None:
        """A cached key that is old, if its tenure lets it serve."""
        opened = self._find(question)
        if opened is None:
            return None
        now = self._clock()
        verdict = opened.tenure.verdict(now)
        if verdict in (Verdict.WAIT, Verdict.OVER):
            return None
        if opened.tenure.is_due(now):
            with suppress(KeyUnavailable):  # no room now: the next reader asks
                self._join(question)
                opened.tenure.renewal_asked()
        if verdict is Verdict.GRACE:
            self._stats.grace_opening += 1
        else:
            self._stats.opening_hits += 1
        return opened.key

    def _join(self, question: Question) -> asyncio.Task[DataKey]:
        """The flight that asks `question`; KeyUnavailable when too many of its context wait."""
        flights, context = self._means.flights, question.context
        task = flights.find(question)
        if task is None:
            gate = self._gates.admit(context)
            task = flights.launch(question, lambda: self._ask(question, gate))
            task.add_done_callback(lambda _: self._gates.leave(context))
        return task

    async def _ask(self, question: Question, gate: Gate) -> DataKey:
        """One flight: open an EDK at the KMS and keep the key."""
        try:
            async with gate.places:
                key = await self._asking.ask(
                    question,
                    lambda opened: self._means.data_key(opened, question.edk, DEFAULT_SUITE),
                )
        except (CannotOpen, KeyUnavailable) as error:
            if old := self._find(question):
                old.tenure.renewal_failed(self._clock(), error, self._means.jitter())
            raise
        self.cache.put(question.context, key)
        return key

    def _landed(self, question: Question, task: asyncio.Task[DataKey]) -> DataKey:
        """What the flight brought, or the old key in grace when the KMS turned out to be away."""
        try:
            return outcome(task)
        except KeyUnavailable:
            if key := self._serve_on(question):
                return key
            raise
