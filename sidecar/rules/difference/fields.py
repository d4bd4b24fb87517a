# SPDX-License-Identifier: Apache-2.0
"""The fields of two rules that hold for the same requests, compared place by place."""

from __future__ import annotations

from collections.abc import Iterator

from sidecar.rules.fields import IN_TARGET, Field, Mask, Mode
from sidecar.rules.model import Rule
from sidecar.rules.phase import Phase

_UNDER_DATA_KEYS = frozenset({Mode.SEALED, Mode.JSON})
"""Modes whose values open alike, whatever kind of value they hold."""


def compare_fields(old: Rule, new: Rule) -> Iterator[tuple[str, object]]:
    """The words of changes, each with what it speaks of."""
    before = {_place(item): item for item in old.all_fields}
    now = {_place(item): item for item in new.all_fields}
    for place, item in before.items():
        if place in now:
            yield from _compare_field(item, now[place])
        elif any(_covers(other, item) for other in new.all_fields):
            yield "swallowed-field", item.label
        else:
            yield "removed-field", item.label
    for place, item in now.items():
        if place not in before:
            yield "added-field", item.label
            is_stored = item.place not in IN_TARGET
            if is_stored and new.phase is Phase.ENFORCE and old.phase is not Phase.MONITOR:
                yield "unmigrated", item.label


def _place(item: Field) -> tuple[object, object]:
    return item.place, item.path


def _covers(one: Field, other: Field) -> bool:
    return one.place is other.place and one.path.covers(other.path)


def _compare_field(old: Field, new: Field) -> Iterator[tuple[str, object]]:
    if old.name != new.name:
        yield "renamed-field", new.label
    if old.mode is not new.mode:
        opens = {old.mode, new.mode} <= _UNDER_DATA_KEYS
        yield ("changed-shape" if opens else "changed-mode"), new.label
    elif old.keep_last != new.keep_last:
        yield "changed-mode", new.label
    elif old.normalize != new.normalize:
        yield "changed-spelling", new.label
    if old.mask != new.mask:
        yield _change_of_mask(old.mask, new.mask), new.label
    if old.null != new.null:
        yield ("null-in-clear" if new.null == "keep" else "null-sealed"), new.label


def _change_of_mask(old: Mask | None, new: Mask | None) -> str:
    """A shorter end may still show more: of values that were too short for a longer one."""
    if new is None:
        return "unmasked"
    return "masked" if old is None or new == Mask() else "changed-mask"
