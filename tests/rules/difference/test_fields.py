# SPDX-License-Identifier: Apache-2.0
"""Fields place by place: whether they read the same afterwards decides what is told."""

import pytest

from sidecar.envelope import KeyKind
from sidecar.rules import Field, Mode
from sidecar.rules.difference.fields import compare_fields
from sidecar.transform.values import treatment_of
from tests.rehearsal.test_shapes import SEALED, SEARCHABLE
from tests.rules.samples import field, rule

MODES = list(Mode)


def changes(old: Field, new: Field) -> list[str]:
    sides = [rule(fields=(item,), lookup_keys=(b"k",)) for item in (old, new)]
    return [word for word, _ in compare_fields(*sides)]


@pytest.mark.parametrize("old", MODES)
@pytest.mark.parametrize("new", MODES)
def test_modes_that_open_alike_are_not_dangerous(old: Mode, new: Mode) -> None:
    """What the comparison says of two modes is what the treatments of values do."""
    told = changes(field("a", old), field("a", new))
    kinds = [_key_kind(old), _key_kind(new)]
    if old is new:
        assert told == []
    else:
        assert told == (["changed-shape"] if kinds[0] is kinds[1] else ["changed-mode"])


def _key_kind(mode: Mode) -> object:
    """How the values of a mode name their key; for digits nothing does."""
    if mode is Mode.DIGITS:
        return object()
    text = SEARCHABLE if mode is Mode.EQUALITY else SEALED
    stored = treatment_of(field("a", mode)).find(f'"{text}"'.encode())
    kind = KeyKind(stored.key_kind)  # type: ignore[union-attr]
    assert (kind is KeyKind.LOOKUP) is treatment_of(field("a", mode)).needs_lookup_key
    return kind


def test_a_field_that_moves_leaves_its_old_place_in_clear() -> None:
    told = changes(field("a"), field("b", name="a"))
    assert told == ["removed-field", "added-field", "unmigrated"]
