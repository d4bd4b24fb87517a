# SPDX-License-Identifier: Apache-2.0
"""The only door to keys: for sealing, for opening, for lookup.

    Keyring
     ├── SealingKeys   one current data key for each rule and context; renewed ahead
     ├── OpeningKeys   EDK → data key: cache, then the KMS, then law 2
     ├── LookupKeys    the few that stand in rules, resident once used
     ├── Cmks          which key ids the names in a rule stand for
     └── proof         that all of it works, before anything listens

Each kind of key has two doors: one that gives what is at hand, for the many messages that need no
more, and a coroutine that waits for the rest. Whatever is waited for is a flight (`flights`) in the
event loop.

Raised: CannotOpen when an EDK is not for this place, KeyUnavailable when a key cannot be had now.
"""

import os
import time
from collections.abc import Callable

from sidecar.keys.asking import Asking
from sidecar.keys.cmks import Cmks
from sidecar.keys.limits import KeyLimits
from sidecar.keys.lookup import LookupKeys
from sidecar.keys.means import Means
from sidecar.keys.names import CmkRef
from sidecar.keys.opening import OpeningKeys
from sidecar.keys.proof import KeyProof, prove
from sidecar.keys.providers import Provider
from sidecar.keys.sealing import SealingKeys
from sidecar.keys.stats import KeyStats


class Keyring:
    """Data keys and lookup keys of this process.

    `clock` counts seconds and never runs back; `random` gives unpredictable bytes (salts).
    """

    def __init__(
        self,
        provider: Provider,
        limits: KeyLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        means = self._means = Means(provider, limits or KeyLimits(), clock, random)
        self._cmks = Cmks(means)
        asking = Asking(means, self._cmks)
        self._opening = OpeningKeys(means, self._cmks, asking)
        self._sealing = SealingKeys(means, self._cmks, on_new=self._opening.cache.put)
        self._lookup = LookupKeys(means, asking)
        # The doors are the parts' own methods: every message passes here, and a wrapper would cost
        # as much again as what it wraps. Those of the first kind never wait.
        self.sealing_at_hand = self._sealing.at_hand
        self.opening_at_hand = self._opening.at_hand
        self.lookup_at_hand = self._lookup.at_hand
        self.for_sealing = self._sealing.current
        self.for_opening = self._opening.open
        self.for_lookup = self._lookup.find

    @property
    def stats(self) -> KeyStats:
        """Counters since start."""
        return self._means.stats

    async def prove(self, cmk: CmkRef) -> KeyProof:
        """Prove at start that every CMK of `cmk` is reachable and that its first one seals.

        Raises:
            Misconfigured: Somebody has to mend something; `why` says which CMK and what.
            KeyUnavailable: The KMS is away; asking again later may help.
        """
        return await prove(self._means, cmk)

    async def aclose(self) -> None:
        """End what is under way, forget every key and close the provider; then all doors refuse."""
        await self._means.flights.aclose()
        for part in (self._opening.cache, self._sealing, self._lookup):
            part.clear()
        await self._means.provider.aclose()
