# SPDX-License-Identifier: Apache-2.0
"""Memory for bodies that came compressed, of all messages together.

The host bounds what it holds by what came, and a compressed body becomes up to a hundred times
that. While a message waits for a key, what it became stays; so that is bounded as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sidecar.errors import Overloaded


class Room:
    """So many bytes, taken for the time of a message."""

    def __init__(self, size: int) -> None:
        self._free = size

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Hold `size` bytes for the time of a block; Overloaded where there are none left."""
        if size > self._free:
            raise Overloaded("too many compressed bodies are held at this time")
        self._free -= size
        try:
            yield
        finally:
            self._free += size
