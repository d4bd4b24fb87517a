# SPDX-License-Identifier: Apache-2.0
"""Paths name one place in one canonical way, and nothing more general than that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import Misconfigured
from sidecar.fieldpath import EACH, MAX_LENGTH, MAX_STEPS, FieldPath


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$", ()),
        ("a", ("a",)),
        ("$.a.b", ("a", "b")),
        ("$['a']['b']", ("a", "b")),
        ('["a"].b', ("a", "b")),
        ("cards[*].number", ("cards", EACH, "number")),
        ("$[*]", (EACH,)),
        ("[*][*]", (EACH, EACH)),
        ("_id", ("_id",)),
        ("客户.名", ("客户", "名")),
        ("['x y']", ("x y",)),
        ("['it\\'s']", ("it's",)),
        ("['\\\\']", ("\\",)),
        ("['a\"b']", ('a"b',)),
        ("['\\u0041\\ud83d\\ude00']", ("A😀",)),
        ("['']", ("",)),
        ("['$']['*']['..']", ("$", "*", "..")),
        ("['\\n\\t\\/']", ("\n\t/",)),
    ],
)
def test_a_path_has_steps(text: str, steps: tuple[object, ...]) -> None:
    path = FieldPath.parse(text)
    assert path.steps == steps
    assert FieldPath.parse(str(path)) == path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the whole document is '\\$'"),
        ("a" * (MAX_LENGTH + 1), "longer than"),
        (".a", "a name is missing"),
        ("a.", "a name is missing"),
        ("a..b", "anywhere below"),
        ("$..a", "anywhere below"),
        ("a.*", "each element of an array is `\\[\\*\\]`"),
        ("a[0]", "an index would leave the other elements unsealed"),
        ("a[-1]", "an index would leave"),
        ("a[1:2]", "an index would leave"),
        ("a[?@.b]", "filters are not accepted"),
        ("a[ * ]", "without spaces"),
        ("a['b','c']", "one quoted name"),
        ("a[b]", "one quoted name"),
        ("a['b'", "one quoted name"),
        ("a b", "needs brackets: \\['a b'\\]"),
        ("a-b", "needs brackets: \\['a-b'\\]"),
        ("1a", "needs brackets"),
        ("$a", "a step begins with"),
        ("['\\u12']", "four hexadecimal digits"),
        ("['\\x41']", "one quoted name"),
        ("['a\nb']", "one quoted name"),
        ("['\\ud800']", "not Unicode text"),
        ("\ud800", "needs brackets"),
        (".".join("a" * (MAX_STEPS + 1)), "more than"),
    ],
)
def test_what_names_no_one_place_is_refused(text: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        FieldPath.parse(text)


STEPS = st.lists(
    st.one_of(st.just(EACH), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)),
    max_size=6,
).map(tuple)


@given(STEPS)
def test_the_canonical_text_spells_the_path_and_no_other(steps: tuple[str, ...]) -> None:
    path = FieldPath(steps)
    text = str(path)
    if len(text) <= MAX_LENGTH:
        assert FieldPath.parse(text) == path
        assert str(FieldPath.parse(text)) == text
        assert text.isprintable() or any(not step.isprintable() for step in map(str, steps))


@given(st.text(max_size=20))
def test_any_text_is_a_path_or_misconfigured(text: str) -> None:
    try:
        path = FieldPath.parse(text)
    except Misconfigured:
        return
    assert FieldPath.parse(str(path)) == path


@given(STEPS, STEPS)
def test_a_path_covers_itself_and_what_lies_below(
    above: tuple[str, ...], below: tuple[str, ...]
) -> None:
    path = FieldPath(above)
    inner = path / FieldPath(below)
    assert path.covers(inner)
    assert inner.covers(path) == (not below)
    assert path.overlaps(inner)
    assert inner.overlaps(path)
    assert inner.is_single == (EACH not in above + below)


def test_neighbours_do_not_cover_each_other() -> None:
    assert not FieldPath.parse("a").covers(FieldPath.parse("ab"))
    assert not FieldPath.parse("a[*]").covers(FieldPath.parse("a['[*]']"))
    assert not FieldPath.parse("a.b").overlaps(FieldPath.parse("a.c"))


@pytest.mark.parametrize(
    ("path", "name"),
    [("a.b", "b"), ("a.b[*]", "b"), ("a[*].b[*]", "b"), ("$['x y'][*]", "x y"), ("$[*]", "")],
)
def test_the_last_name_of_a_path(path: str, name: str) -> None:
    assert FieldPath.parse(path).last_name == name
