# SPDX-License-Identifier: Apache-2.0
"""CASES.md says what the reader of cases reads, no more and no less, and its example passes."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import sidecar.rehearsal
from sidecar.rehearsal.trials import read_cases, reader, run_cases
from sidecar.rehearsal.trials.expectation import _PATTERNS
from sidecar.rules import RuleFile, read_rules

TEXT = (Path(sidecar.rehearsal.__file__).parent / "CASES.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## \d+\. (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
EXAMPLES = Path(__file__).parents[3] / "rules"


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("Files", reader.FILE),
        ("A case", reader.CASE),
        ("Requests", reader.REQUEST),
        ("What the store gets", reader.STORED),
        ("Answers", reader.ANSWER),
        ("Replies", reader.REPLY),
        ("Refusals", reader.REFUSED),
        ("Placeholders", [*(f"<{word}>" for word in _PATTERNS), "<stored PATH>"]),
    ],
)
def test_every_word_is_documented_and_none_besides(section: str, words: Iterable[str]) -> None:
    said = re.findall(r"^\| `([^`]+)`", SECTIONS[section], re.MULTILINE)
    assert sorted(said) == sorted(words)


async def test_the_example_passes() -> None:
    (example,) = re.findall(r"```yaml\n(version.*?)```", TEXT, re.DOTALL)
    cases = read_cases([RuleFile(Path("crm.test.yaml"), example.encode())])
    run = await run_cases(read_rules(EXAMPLES / "crm.yaml"), cases)
    assert [result.problems for result in run.results] == [(), ()]
