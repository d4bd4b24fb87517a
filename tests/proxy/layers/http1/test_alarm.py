# SPDX-License-Identifier: Apache-2.0
"""One deadline: it rings when it has passed, never before, and asks for few timers."""

from mitmproxy.proxy import commands, events

from sidecar.proxy.layers.http1.alarm import Alarm


def wakeups(out: list[commands.Command]) -> list[events.Wakeup]:
    """What mitmproxy answers to all that was asked for up to now, each in its time."""
    asked = [each for each in out if isinstance(each, commands.RequestWakeup)]
    out.clear()
    return [events.Wakeup(each) for each in asked]


def test_it_rings_once_when_the_deadline_has_passed() -> None:
    out: list[commands.Command] = []
    alarm = Alarm(out)
    alarm.set(0)
    [wakeup] = wakeups(out)
    assert alarm.rings(wakeup)
    assert not alarm.rings(wakeup)
    assert not out


def test_a_deadline_that_moves_away_asks_for_nothing_until_its_timer_is_due() -> None:
    out: list[commands.Command] = []
    alarm = Alarm(out)
    alarm.set(0)
    [early] = wakeups(out)
    for _ in range(100):
        alarm.set(60)
    assert not out
    assert not alarm.rings(early)  # too early for the deadline as it is now: one more is asked for
    [later] = wakeups(out)
    assert 59 < later.command.delay <= 60


def test_a_deadline_that_comes_nearer_replaces_the_timer() -> None:
    out: list[commands.Command] = []
    alarm = Alarm(out)
    alarm.set(60)
    [late] = wakeups(out)
    alarm.set(0)
    [soon] = wakeups(out)
    assert not alarm.rings(late)
    assert alarm.rings(soon)


def test_without_a_deadline_nothing_rings() -> None:
    out: list[commands.Command] = []
    alarm = Alarm(out)
    alarm.set(0)
    alarm.clear()
    [wakeup] = wakeups(out)
    assert not alarm.rings(wakeup)
    alarm.set(0)
    [again] = wakeups(out)
    assert alarm.rings(again)
