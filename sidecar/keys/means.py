# SPDX-License-Identifier: Apache-2.0
"""What the parts of one keyring work with: the KMS, time, randomness, limits and counters."""

from collections.abc import Callable

from sidecar.keys.data_key import DataKey
from sidecar.keys.flights import Flights
from sidecar.keys.limits import KeyLimits
from sidecar.keys.providers import OpenedDataKey, Provider
from sidecar.keys.providers.counted import CountedProvider
from sidecar.keys.salts import Salts
from sidecar.keys.stats import KeyStats


class Means:
    """Made once a keyring, shared by its parts. `clock` counts seconds and never runs back."""

    def __init__(
        self,
        provider: Provider,
        limits: KeyLimits,
        clock: Callable[[], float],
        random: Callable[[int], bytes],
    ) -> None:
        self.stats = KeyStats()
        self.provider: Provider = CountedProvider(provider, self.stats)
        self.flights = Flights(self.stats)
        self.limits = limits
        self.clock = clock
        self.random = random
        self._salts = Salts(random)

    def jitter(self) -> float:
        """A number in [0, 1) that spreads replicas in time; nothing secret hangs on it."""
        return int.from_bytes(self.random(2)) / 65_536

    def refresh_fraction(self) -> float:
        """At which part of its limits a new key is to be renewed."""
        limits = self.limits
        return limits.refresh_from + (limits.refresh_to - limits.refresh_from) * self.jitter()

    def data_key(self, opened: OpenedDataKey, edk: bytes, suite: int) -> DataKey:
        """The key that takes over what the KMS gave in the clear."""
        return DataKey(opened, edk, suite, self._salts.fresh)
