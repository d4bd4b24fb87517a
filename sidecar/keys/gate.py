# SPDX-License-Identifier: Apache-2.0
"""A bound on how much of the KMS one context may occupy: so many at work, so many waiting.

Gates exist only while somebody stands in them, so that invented tenants leave nothing behind.
"""

import asyncio

from sidecar.errors import KeyUnavailable
from sidecar.keys.means import Means
from sidecar.keys.names import KeyContext


class Gate:
    """The questions of one context: `places` holds those that wait back."""

    __slots__ = ("admitted", "places")

    def __init__(self, places: int) -> None:
        self.places = asyncio.Semaphore(places)
        self.admitted = 0


class Gates:
    """The gates of all contexts that have questions under way."""

    def __init__(self, means: Means) -> None:
        self._stats = means.stats
        self._places = means.limits.decrypts_per_tenant
        self._room = means.limits.decrypts_per_tenant + means.limits.waiting_per_tenant
        self._gates: dict[KeyContext, Gate] = {}

    def admit(self, context: KeyContext) -> Gate:
        """Count one more question of `context`, to be taken back by `leave`; KeyUnavailable."""
        gate = self._gates.get(context)
        if gate is None:
            gate = self._gates[context] = Gate(self._places)
        elif gate.admitted >= self._room:
            self._stats.overloaded += 1
            raise KeyUnavailable(f"{gate.admitted} data keys of one tenant are being opened")
        gate.admitted += 1
        return gate

    def leave(self, context: KeyContext) -> None:
        """One question of `context` was answered or given up."""
        gate = self._gates[context]
        gate.admitted -= 1
        if not gate.admitted:
            del self._gates[context]

    def __len__(self) -> int:
        return len(self._gates)
