# SPDX-License-Identifier: Apache-2.0
"""The lookup keys that stand in rules: asked for once, then resident.

They have no age: what they made is compared with what they will make. So an outage of the KMS
after the first use does not matter, and a CMK that is disabled later stops them at the next start.
"""

import asyncio

from sidecar.keys.asking import Asking
from sidecar.keys.flights import outcome
from sidecar.keys.lookup_key import LookupKey
from sidecar.keys.means import Means
from sidecar.keys.names import CmkRef, KeyContext, Question


class LookupKeys:
    """The lookup keys asked for so far. They come from rules, so their number needs no bound."""

    def __init__(self, means: Means, asking: Asking) -> None:
        self._flights = means.flights
        self._asking = asking
        self._resident: dict[Question, LookupKey] = {}

    def at_hand(
        self, cmk: CmkRef, context: KeyContext, edks: tuple[bytes, ...]
    ) -> tuple[LookupKey, ...] | None:
        """The key of each EDK, in order; None where one was never used before."""
        try:
            return tuple([self._resident[Question(cmk, context, edk)] for edk in edks])
        except KeyError:
            return None

    async def find(
        self, cmk: CmkRef, context: KeyContext, edks: tuple[bytes, ...]
    ) -> tuple[LookupKey, ...]:
        """The key of each EDK, in order; suspends only before their first use.

        Raises:
            CannotOpen: One of them is not of this context or not under a CMK of the rule.
            KeyUnavailable: One of them cannot be had now.
        """
        questions = [Question(cmk, context, edk) for edk in edks]
        missing = [question for question in questions if question not in self._resident]
        if missing:
            await self._fetch(missing)
        return tuple([self._resident[question] for question in questions])

    async def _fetch(self, missing: list[Question]) -> None:
        for question in missing:
            self._asking.refuse_early(question)
        flights = [self._join(question) for question in missing]
        await asyncio.wait(flights)
        for flight in flights:
            outcome(flight)

    def _join(self, question: Question) -> asyncio.Task[None]:
        # The name is not the bare question: an envelope may carry this EDK as that of a data key.
        name, flights = ("lookup", question), self._flights
        return flights.find(name) or flights.launch(name, lambda: self._ask(question))

    async def _ask(self, question: Question) -> None:
        self._resident[question] = await self._asking.ask(
            question, lambda opened: LookupKey(opened, question.edk)
        )

    def clear(self) -> None:
        """Let go of every key."""
        self._resident.clear()
