# SPDX-License-Identifier: Apache-2.0
"""What the processes of one proxy must know of each other at every moment: three numbers each.

A row a process in shared memory: whether it accepts clients, how many it serves, and how many bytes
of bodies it holds. Each process writes its own row alone and reads all of them, so nothing is ever
locked: an aligned number of eight bytes is written at once. What was read may be old when it is
used, by what the others did meanwhile and no more. The memory has no name and ends with its last
process; the row of one that was killed is cleared by whoever started it.
"""

import mmap
import os

_WIDTH = 8
_COLUMNS = 3
_ACCEPTS, _CLIENTS, _HELD = range(_COLUMNS)


class Tally:
    """The table; `row` is the one that this process writes."""

    def __init__(self, rows: int = 1, descriptor: int = -1, row: int = 0) -> None:
        memory = mmap.mmap(descriptor, rows * _COLUMNS * _WIDTH)
        self._table = memoryview(memory).cast("q")
        self._row = row * _COLUMNS

    def accept(self, *, accepts: bool) -> None:
        """This process accepts clients, or leaves them to the others."""
        self._table[self._row + _ACCEPTS] = accepts

    @property
    def accepts(self) -> bool:
        """Whether this process accepts clients."""
        return bool(self._table[self._row + _ACCEPTS])

    def came(self) -> None:
        """This process has one client more."""
        self._table[self._row + _CLIENTS] += 1

    def left(self) -> None:
        """This process has one client less."""
        self._table[self._row + _CLIENTS] -= 1

    def hold(self, size: int) -> None:
        """This process holds so many bytes of bodies more, or less."""
        self._table[self._row + _HELD] += size

    @property
    def is_turn(self) -> bool:
        """Whether no process that accepts has fewer clients than this one."""
        table = self._table
        mine = table[self._row + _CLIENTS]
        if not mine:
            return True
        return not any(
            table[row] and table[row + _CLIENTS] < mine for row in range(0, len(table), _COLUMNS)
        )

    @property
    def clients(self) -> int:
        """Clients of all processes."""
        return sum(self._table[_CLIENTS::_COLUMNS])

    @property
    def held(self) -> int:
        """Bytes of bodies that all processes hold."""
        return sum(self._table[_HELD::_COLUMNS])

    def clear(self, row: int) -> None:
        """The process of `row` has ended."""
        for cell in range(row * _COLUMNS, (row + 1) * _COLUMNS):
            self._table[cell] = 0


def shared_memory(rows: int) -> int:
    """A descriptor of zeros for the table of `rows`, which children inherit."""
    descriptor = os.memfd_create("sidecar-tally", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, rows * _COLUMNS * _WIDTH)
    return descriptor
