# SPDX-License-Identifier: Apache-2.0
"""Keys that were opened, and EDKs that did not open; bounded, and apart from each other.

Opened keys stand in one partition a context, so no tenant can push out another's. A partition
exists only once something opened in it, and EDKs that do not open go to a cache of their own: a
flood of invented EDKs or tenants finds nothing here that it could evict. When the whole grows too
large, the context idle for longest goes first.
"""

from hashlib import sha256

from cachetools import TTLCache

from sidecar.errors import CannotOpen
from sidecar.keys.data_key import DataKey
from sidecar.keys.means import Means
from sidecar.keys.names import KeyContext, Question
from sidecar.keys.providers import KeyDenied
from sidecar.keys.recent import Recent
from sidecar.keys.tenure import Tenure


class Opened:
    """A key in the cache and its time there."""

    __slots__ = ("key", "tenure")

    def __init__(self, key: DataKey, means: Means) -> None:
        limits = means.limits
        self.key = key
        self.tenure = Tenure(
            limits, means.clock(), limits.open_age, limits.open_grace, means.refresh_fraction()
        )


Partition = Recent[bytes, Opened]


class OpenedKeys:
    """The keys that the KMS opened, by context and EDK.

    Dropping one is all that an eviction does: it is wiped when the last message that still uses it
    is done (`material`).
    """

    def __init__(self, means: Means) -> None:
        self._means = means
        self._partitions: Recent[KeyContext, Partition] = Recent()
        self._count = 0

    def find(self, context: KeyContext) -> Partition | None:
        """The partition of `context`, which becomes the most recently used, or None."""
        return self._partitions.find(context)

    def put(self, context: KeyContext, key: DataKey) -> None:
        """Keep `key` for reads of its EDK in `context`."""
        limits = self._means.limits
        partition = self.find(context)
        if partition is None:
            if len(self._partitions) >= limits.tenants:
                self._drop_idlest()
            partition = Recent()
            self._partitions.put(context, partition)
        if key.edk in partition:
            self._count -= 1
        elif len(partition) >= limits.opened_per_tenant:
            partition.drop_idlest()
            self._evicted(1)
        partition.put(key.edk, Opened(key, self._means))
        self._count += 1
        while self._count > limits.opened and len(self._partitions) > 1:
            self._drop_idlest()

    def _drop_idlest(self) -> None:
        self._evicted(len(self._partitions.drop_idlest()))

    def _evicted(self, count: int) -> None:
        self._count -= count
        self._means.stats.evictions += count

    def __len__(self) -> int:
        return self._count

    def clear(self) -> None:
        """Let go of every key."""
        self._partitions.clear()
        self._count = 0


class Refusals:
    """Questions that the KMS answered with no a moment ago; their EDKs are kept as hashes."""

    def __init__(self, means: Means) -> None:
        limits = means.limits
        self._refused: TTLCache[Question, CannotOpen | KeyDenied] = TTLCache(
            limits.negatives, limits.negative_age, timer=means.clock
        )

    def find(self, question: Question) -> CannotOpen | KeyDenied | None:
        """Why `question` was refused, as a new error to raise, or None."""
        error = self._refused.get(_hashed(question))
        return None if error is None else type(error)(error.why)

    def put(self, question: Question, error: CannotOpen | KeyDenied) -> None:
        """Remember the error for a short while, without the trace of what led to it."""
        self._refused[_hashed(question)] = type(error)(error.why)

    def __len__(self) -> int:
        return len(self._refused)


def _hashed(question: Question) -> Question:
    return question._replace(edk=sha256(question.edk).digest())
