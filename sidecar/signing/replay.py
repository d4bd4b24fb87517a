# SPDX-License-Identifier: Apache-2.0
"""A signed request counts once: the memory of nonces.

A nonce is remembered for as long as the request's time stamp would be accepted, in buckets of a
minute, so that forgetting is dropping a bucket. The memory is bounded; when it is full, requests
are turned away rather than let in unremembered. It lives in one process and ends with it.
"""

import hashlib

from sidecar.signing.failures import NonceUsed, TooManyRequests
from sidecar.signing.timestamp import WINDOW_SECONDS

_BUCKET_SECONDS = 60


class ReplayGuard:
    """The nonces of the last half hour; `capacity` many (about 100 bytes each)."""

    def __init__(self, capacity: int = 1_000_000) -> None:
        self._capacity = capacity
        self._buckets: dict[int, set[bytes]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def admit(self, access_key_id: str, nonce: str, time: float, now: float) -> None:
        """Remember a *verified* request stamped `time`; raise NonceUsed or TooManyRequests.

        Only verified ones: else anybody could use up the nonces of others, or the memory.
        """
        self._forget(now)
        key = hashlib.blake2b(
            len(access_key_id).to_bytes(4) + access_key_id.encode() + nonce.encode(),
            digest_size=16,
        ).digest()
        if any(key in bucket for bucket in self._buckets.values()):
            raise NonceUsed
        if self._size >= self._capacity:
            raise TooManyRequests
        last = int(time + WINDOW_SECONDS) // _BUCKET_SECONDS
        self._buckets.setdefault(last, set()).add(key)
        self._size += 1

    def _forget(self, now: float) -> None:
        """Drop each bucket that holds no request that could still be accepted."""
        current = int(now) // _BUCKET_SECONDS
        for last in [last for last in self._buckets if last < current]:
            self._size -= len(self._buckets.pop(last))
