# SPDX-License-Identifier: Apache-2.0
"""Shared numbers: every process reads what each wrote, and a killed one leaves nothing behind."""

import os

from sidecar.proxy.tally import Tally, shared_memory


def _rows(count: int) -> list[Tally]:
    descriptor = shared_memory(count)
    try:
        return [Tally(count, descriptor, row) for row in range(count)]
    finally:
        os.close(descriptor)


def test_each_reads_what_all_wrote() -> None:
    one, two, three = _rows(3)
    one.came()
    one.hold(100)
    two.came()
    two.came()
    two.hold(50)
    two.hold(-20)
    assert [each.clients for each in (one, two, three)] == [3, 3, 3]
    assert [each.held for each in (one, two, three)] == [130, 130, 130]
    two.left()
    assert one.clients == 2


def test_another_process_writes_the_same_table() -> None:
    descriptor = shared_memory(2)
    mine = Tally(2, descriptor)
    child = os.fork()
    if not child:
        Tally(2, descriptor, 1).hold(77)
        os._exit(0)
    os.waitpid(child, 0)
    os.close(descriptor)
    assert mine.held == 77


def test_it_is_the_turn_of_whoever_has_fewest() -> None:
    one, two = _rows(2)
    for each in (one, two):
        each.accept(accepts=True)
    one.came()
    assert (one.is_turn, two.is_turn) == (False, True)
    two.came()
    assert (one.is_turn, two.is_turn) == (True, True)


def test_nobody_waits_for_one_that_accepts_no_more_or_was_killed() -> None:
    one, two = _rows(2)
    for each in (one, two):
        each.accept(accepts=True)
    one.came()
    two.accept(accepts=False)
    assert one.is_turn
    two.accept(accepts=True)
    two.hold(9)
    assert not one.is_turn
    one.clear(1)
    assert one.is_turn
    assert one.held == 0


def test_one_alone_needs_nobody() -> None:
    alone = Tally()
    alone.accept(accepts=True)
    alone.came()
    assert alone.is_turn
    assert alone.clients == 1
