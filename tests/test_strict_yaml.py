# SPDX-License-Identifier: Apache-2.0
"""A file has one reading, and every complaint about it says where it is."""

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import Misconfigured
from sidecar.strict_yaml import MAX_DEPTH, MAX_FILE_BYTES, Entry, nearest, parse, read


def entry(text: str) -> Entry:
    return parse(text.encode(), "f.yaml")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "f.yaml: empty"),
        (b"# nothing\n", "f.yaml: empty"),
        (b"\xff", "f.yaml: not UTF-8 at byte 0"),
        (b"a: \x00", "f.yaml: not YAML"),
        (b"a: [", "f.yaml:1:5: "),
        (b"a: b\n c: d", "f.yaml:2:3: "),
        (b"a: 1\n---\nb: 2", "f.yaml:2:1: "),
        (b"a: &x 1\nb: *x", "f.yaml:2:4: YAML aliases are not accepted"),
        (b"a: !!str 1", "f.yaml:1:4: YAML tags are not accepted"),
        (b"a: !!python/object/apply:os.system ['true']", "f.yaml:1:4: YAML tags"),
        (b"[" * (MAX_DEPTH + 1), f"f.yaml:1:{MAX_DEPTH + 1}: nested deeper than {MAX_DEPTH}"),
        (b"[" * 100_000, f"f.yaml:1:{MAX_DEPTH + 1}: nested deeper than {MAX_DEPTH}"),
    ],
)
def test_what_has_no_one_reading_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        parse(data, "f.yaml")
    assert caught.value.why.startswith(told)


def test_a_bomb_of_aliases_does_not_go_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(Misconfigured, match="aliases are not accepted"):
        entry("\n".join(lines))


def test_a_file_is_read_or_told_why_not(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    with pytest.raises(Misconfigured, match=r"f\.yaml: cannot be read: No such file"):
        read(file)
    file.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(Misconfigured, match="larger than"):
        read(file)
    file.write_text("a: b", encoding="utf-8")
    assert read(file).get("a").text() == "b"


@pytest.mark.parametrize("text", ["no", "1.10", "0123", "0x1F", "1e3", "2026-01-01", "on", "yes"])
def test_a_scalar_keeps_its_text(text: str) -> None:
    assert entry(f"a: {text}").get("a").text() == text


@pytest.mark.parametrize("text", ["~", "null", "", "[b]", "{b: c}"])
def test_null_and_collections_are_no_text(text: str) -> None:
    found = entry(f"a: {text}").get("a")
    with pytest.raises(Misconfigured, match=r"^f\.yaml:1:\d: expected text$"):
        found.text()
    assert found.is_null == (text in {"~", "null", ""})
    assert found.is_list == (text == "[b]")
    assert found.is_mapping == (text == "{b: c}")


def test_a_key_may_be_any_scalar_even_null() -> None:
    names = [key.name() for key, _ in entry("null: a\n1: b\ntrue: c").entries()]
    assert names == ["null", "1", "true"]
    with pytest.raises(Misconfigured, match=r"f\.yaml:1:3: expected a name"):
        entry("? [a]\n: b").entries()


def test_a_key_stands_once_in_whatever_spelling() -> None:
    with pytest.raises(Misconfigured, match=r"f\.yaml:2:1: 'a' stands here twice"):
        entry("a: 1\n'a': 2").entries()


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert [key.name() for key, _ in entry("<<: {a: b}").entries()] == ["<<"]


def test_a_mapping_is_asked_for_its_keys() -> None:
    document = entry("one: 1\ntwo: 2")
    assert document.get("one").text() == "1"
    assert document.find("three") is None
    assert document.optional("two", Entry.text, "-") == "2"
    assert document.optional("three", Entry.text, "-") == "-"
    assert document.finish() is document
    with pytest.raises(Misconfigured, match=r"f\.yaml:1:1: 'four' is missing"):
        document.get("four")


def test_a_key_nobody_asked_for_is_told_with_the_nearest_right_word() -> None:
    document = entry("listner: a\nzzz: b")
    document.find("listener")
    document.find("rules")

    assert [error.why for error in document.unknown_keys()] == [
        "f.yaml:1:1: unknown key 'listner'; did you mean 'listener'?",
        "f.yaml:2:1: unknown key 'zzz'; known here: listener, rules",
    ]
    with pytest.raises(Misconfigured, match="'listner'"):
        document.finish()


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def test_the_nearest_word_is_told_as_it_is_written() -> None:
    assert nearest("rde", Colour) == "; did you mean 'red'?"
    assert nearest("green-ish", Colour) == "; known here: blue, red"
    with pytest.raises(Misconfigured, match=r"'bleu' is not a word here; did you mean 'blue'\?"):
        entry("bleu").one_of(Colour)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("'[::1]:0'", ("::1", 0)),
        ("kms.internal:65535", ("kms.internal", 65535)),
    ],
)
def test_an_address_is_read(text: str, address: tuple[str, int]) -> None:
    assert entry(text).address() == address


@pytest.mark.parametrize(
    "text", ["8080", ":80", "h:", "h:65536", "h:065535", "h:-1", "h:²", "h: 1"]
)
def test_what_is_no_address_is_told_so(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"^f\.yaml:1:1: expected HOST:PORT, such as "):
        entry(f"'{text}'").address()


def integer(each: Entry) -> object:
    return each.integer(-5, 2**63)


def seconds(each: Entry) -> object:
    return each.seconds(0.001, 86400)


def size(each: Entry) -> object:
    return each.size(1, 2**40)


@pytest.mark.parametrize(
    ("read_it", "text", "value"),
    [
        (integer, "7", 7),
        (integer, "-5", -5),
        (integer, "1_000", 1000),
        (seconds, "30", 30.0),
        (seconds, "1.5s", 1.5),
        (seconds, "5m", 300.0),
        (seconds, "250ms", 0.25),
        (seconds, "1d", 86400.0),
        (size, "512", 512),
        (size, "64KiB", 65536),
        (size, "10 MiB", 10 * 1024**2),
        (size, "1GiB", 1024**3),
    ],
)
def test_a_number_is_read(read_it: Callable[[Entry], object], text: str, value: object) -> None:
    assert read_it(entry(text)) == value


@pytest.mark.parametrize(
    ("read_it", "text"),
    [
        (integer, "-6"), (integer, "9" * 30), (integer, "1.0"), (integer, "0x1"), (integer, "--1"),
        (integer, "'\uff17'"), (integer, "'\u00b2'"), (integer, "''"), (integer, "_"),
        (seconds, "0"), (seconds, "-1s"), (seconds, "nan"), (seconds, "inf"), (seconds, "2d"),
        (seconds, "1w"), (seconds, "s"), (seconds, "1 hour"), (seconds, "1sm"),
        (size, "0"), (size, "1KB"), (size, "1.5MiB"), (size, "-1"), (size, "2048GiB"),
        (size, "9" * 40), (size, "KiB"),
    ],
)  # fmt: skip
def test_what_is_no_such_number_is_refused(read_it: Callable[[Entry], object], text: str) -> None:
    with pytest.raises(Misconfigured, match=r"^f\.yaml:1:1: "):
        read_it(entry(text))


@given(st.recursive(st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=8))
def test_any_text_comes_back_as_it_was_written(value: object) -> None:
    def texts(each: Entry) -> object:
        return [texts(item) for item in each.items()] if each.is_list else each.text()

    text = yaml.safe_dump([value], allow_unicode=True, default_style='"')
    assert texts(entry(text).items()[0]) == value


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_misconfigured(data: bytes) -> None:
    with suppress(Misconfigured):  # whatever else is raised fails the test
        parse(data, "f.yaml")
