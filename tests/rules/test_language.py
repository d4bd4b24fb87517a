# SPDX-License-Identifier: Apache-2.0
"""LANGUAGE.md says what the reader reads: no key, word or code more, and none less."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

import sidecar.rules
from sidecar import backends, errors
from sidecar.backends import BACKENDS
from sidecar.codecs import CODECS, WHOLE_CODECS
from sidecar.envelope import SEALING_SUITES
from sidecar.errors import Misconfigured, Refused, SidecarError
from sidecar.proxy import asked, guard
from sidecar.rules import (
    CHANGES,
    Effect,
    Phase,
    clearance,
    designations,
    read_rules,
    reader,
    words,
)
from sidecar.rules.fields import NORMALIZERS
from sidecar.rules.linter import ADVICE
from tests.rules.samples import write

TEXT = (Path(sidecar.rules.__file__).parent / "LANGUAGE.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## \d+\. (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))


def tables(section: str) -> list[list[str]]:
    """The words in the first column of each table of a section."""
    found = re.findall(r"(?:^\|.*\n)+", SECTIONS[section], re.MULTILINE)
    return [re.findall(r"^\| `([^`]+)`", table, re.MULTILINE) for table in found]


_TABLES_OF_CHANGES = (
    {Effect.UNPROTECTED},
    {Effect.UNREADABLE},
    {Effect.UNFINDABLE},
    {Effect.SHOWN},
    {Effect.PROTECTED, Effect.NOTED},
)


def _by(effects: set[Effect]) -> list[str]:
    return [word for word, (effect, _) in CHANGES.items() if effect in effects]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("Files", [reader.FILE]),
        ("A rule", [reader.RULE]),
        ("`store`", [reader.STORE]),
        ("`cmk`", [words.CMK]),
        ("`fields`", [designations.FIELD, NORMALIZERS, designations.OUTSIDE]),
        ("`documents` and `require`", [reader.DOCUMENTS]),
        ("Binding: `tenant`, `record`, `collection`", [reader.TENANT]),
        ("`phase`", [Phase]),
        (
            "Masking on read: `mask`, `cleared`",
            [[*designations.MASK, *designations.MASKS], clearance.CONDITION],
        ),
        ("What is unwise", [ADVICE]),
        ("What a change of rules does", [_by(effects) for effects in _TABLES_OF_CHANGES]),
    ],
)
def test_every_word_is_documented_and_none_besides(
    section: str, expected: list[dict[str, object] | type[StrEnum]]
) -> None:
    assert [sorted(table) for table in tables(section)] == [sorted(table) for table in expected]


def test_every_refusal_is_documented_with_its_status() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", TEXT, re.MULTILINE)
    classes = [
        kind for module in (errors, backends, guard, asked) for kind in vars(module).values()
    ]
    raised = {
        (each.code, str(each.status))
        for each in classes
        if isinstance(each, type) and issubclass(each, SidecarError)
        if each is not Misconfigured
    }
    assert set(rows) == raised
    assert (Refused.code, str(Refused.status)) in raised


def test_the_contents_name_every_section() -> None:
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    listed = re.findall(r"^(?:\*\*Contents\.\*\* )?\[(.+)\]\(#(.+)\)", TEXT, re.MULTILINE)
    anchors = [re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings]
    assert listed == list(zip(headings, anchors, strict=True))


def test_kinds_and_suites_are_those_there_are() -> None:
    assert set(reader.KINDS) == set(BACKENDS)
    assert all(f"`{suite}`" in SECTIONS["A rule"] for suite in SEALING_SUITES)
    assert all(f"`{kind}`" in SECTIONS["`store`"] for kind in BACKENDS)


def test_every_format_of_bodies_is_named() -> None:
    for codec in (*CODECS, *WHOLE_CODECS):
        for name in (*codec.media_types, *codec.suffixes):
            assert f"`{name}`" in SECTIONS["`fields`"], name


def test_the_example_is_a_file_of_rules(tmp_path: Path) -> None:
    example = re.findall(r"```yaml\n(version.*?)```", TEXT, re.DOTALL)[0]
    assert len(read_rules(write(tmp_path, example)).rules) == 1


@pytest.mark.parametrize("section", [name for name in SECTIONS if "```yaml" in SECTIONS[name]])
def test_every_snippet_can_stand_in_a_rule(tmp_path: Path, section: str) -> None:
    for snippet in re.findall(r"```yaml\n(.*?)```", SECTIONS[section], re.DOTALL):
        given = dict(re.findall(r"^(\w+):(.*?)(?=^\w|\Z)", snippet, re.MULTILINE | re.DOTALL))
        parts = {
            "name": " customers\n",
            "store": ' {name: crm, kind: rest, hosts: ["crm.internal:8080"]}\n',
            "routes": ' ["/customers"]\n',
            "cmk": " alias/customers\n",
            "lookup_keys": " [YQ==]\n",
            "fields": "\n  ssn: sealed\n",
            **given,
        }
        indented = {key: value.replace("\n  ", "\n      ") for key, value in parts.items()}
        body = "".join(f"    {key}:{value}" for key, value in indented.items())
        text = f"version: 1\nrules:\n  -\n{body}"
        assert read_rules(write(tmp_path, text)).rules
