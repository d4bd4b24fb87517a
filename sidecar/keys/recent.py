# SPDX-License-Identifier: Apache-2.0
"""Entries in the order of their last use, so that the idlest can be dropped first.

Every message looks into several of these, and `cachetools` takes four calls where this takes one.
Nothing is dropped by itself: whoever puts too many in says what goes, and counts it.
"""

from collections import OrderedDict


class Recent[K, V](OrderedDict[K, V]):
    """The entry used last stands at the end."""

    def find(self, key: K) -> V | None:
        """The value of `key`, which becomes the most recently used, or None."""
        value = self.get(key)
        if value is not None:
            self.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep `value` as the most recently used."""
        self[key] = value
        self.move_to_end(key)

    def drop_idlest(self) -> V:
        """Take out what was not used for longest."""
        return self.popitem(last=False)[1]
