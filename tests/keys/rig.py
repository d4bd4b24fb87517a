# SPDX-License-Identifier: Apache-2.0
"""A keyring on the KMS in memory, with a clock that the test turns."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from sidecar import envelope
from sidecar.keys import CmkRef, DataKey, KeyContext, KeyLimits, Keyring
from sidecar.keys.providers.memory import MemoryProvider

CMK = CmkRef("alias/customers")
ACME = KeyContext("crm", "acme")
GLOBEX = KeyContext("crm", "globex")
SUITE = envelope.DEFAULT_SUITE


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


def no_jitter(length: int) -> bytes:
    """Zeros: every key is renewed at exactly `refresh_from` of its limits."""
    return bytes(length)


@dataclass
class Rig:
    """One process: its keyring, its clock, and the KMS that it shares with others."""

    limits: KeyLimits = field(default_factory=KeyLimits)
    provider: MemoryProvider = field(default_factory=lambda: MemoryProvider(CMK.seal))
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.keyring = Keyring(self.provider, self.limits, self.clock, no_jitter)
        self.stats = self.keyring.stats

    async def sealing(self, context: KeyContext = ACME, cmk: CmkRef = CMK) -> DataKey:
        return await self.keyring.for_sealing(cmk, context, SUITE)

    async def opening(
        self, *edks: bytes, context: KeyContext = ACME, cmk: CmkRef = CMK
    ) -> dict[bytes, DataKey]:
        return await self.keyring.for_opening(cmk, context, edks)

    async def new_edk(self, context: KeyContext = ACME, cmk: str = CMK.seal) -> bytes:
        """An EDK that another process has made."""
        return (await self.provider.generate_data_key(cmk, context)).edk

    async def landed(self) -> None:
        """Wait until no question to the KMS is under way."""
        while under_way := self.keyring._means.flights.under_way:
            await asyncio.wait(under_way)


def at_once[T](question: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that must not suspend, as a host drives it: with no task at all."""
    try:
        question.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    question.close()
    raise AssertionError("it had to wait")
