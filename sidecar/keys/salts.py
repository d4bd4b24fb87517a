# SPDX-License-Identifier: Apache-2.0
"""Salts, drawn from the source of randomness many at a time and handed out once each.

A system call for every value costs as much as a good part of sealing it. A salt is no secret, so
that some lie ready gives nothing away; but it must never serve twice under one data key. Two
processes may share a data key after a fork, so a forked child forgets what its parent had drawn.
"""

import os
from collections.abc import Callable
from struct import Struct
from typing import ClassVar
from weakref import WeakSet

from sidecar.envelope import SALT_LENGTH

_BLOCK = Struct(f"{SALT_LENGTH}s" * 128)


class Salts:
    """Gives fresh salts; `random` gives unpredictable bytes."""

    _all: ClassVar["WeakSet[Salts]"] = WeakSet()

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._drawn: list[bytes] = []
        self._all.add(self)

    def fresh(self) -> bytes:
        """A salt that was never given before."""
        drawn = self._drawn
        if not drawn:
            drawn.extend(_BLOCK.unpack(self._random(_BLOCK.size)))
        return drawn.pop()

    def forget(self) -> None:
        """Use nothing of what was drawn so far."""
        self._drawn.clear()

    @classmethod
    def forget_all(cls) -> None:
        """Use nothing of what was drawn in this process so far."""
        for salts in cls._all:
            salts.forget()


os.register_at_fork(after_in_child=Salts.forget_all)
