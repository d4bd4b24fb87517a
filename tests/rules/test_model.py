# SPDX-License-Identifier: Apache-2.0
"""A rule set is named by what it says."""

from pathlib import Path

import pytest

from sidecar.fieldpath import FieldPath
from sidecar.rules import Mode, Phase, Requirement, RuleSet, Store, read_rules
from tests.rules.samples import FILE, field, rule, write


def test_layout_order_and_place_do_not_change_the_digest(tmp_path: Path) -> None:
    write(tmp_path, FILE, "a.yaml")
    moved = "# a comment\n" + FILE.replace(": sealed", ":   'sealed'")
    write(tmp_path, moved, "b.yaml")

    one, other = read_rules(tmp_path / "a.yaml"), read_rules(tmp_path / "b.yaml")

    assert one.digest == other.digest
    a, b = rule("/a", name="a"), rule("/b", name="b")
    assert RuleSet((a, b)).digest == RuleSet((b, a)).digest


@pytest.mark.parametrize(
    "parts",
    [
        {"collection": "clients"},
        {"record": "id"},
        {"tenant_header": "x-tenant"},
        {"phase": Phase.MIGRATE},
        {"suite": "sm4-gcm-sm3"},
        {"store": Store("crm2", "rest", ("crm.internal:8080",))},
        {"fields": (field("ssn"), field("name"))},
        {"fields": (field("ssn", Mode.JSON),)},
        {"fields": (field("ssn", null="seal"),)},
        {"lookup_keys": (b"k",)},
        {"require": (Requirement.compile(FieldPath.parse("q"), "x"),)},
    ],
)
def test_whatever_a_rule_says_changes_the_digest(parts: dict[str, object]) -> None:
    assert RuleSet((rule(**parts),)).digest != RuleSet((rule(),)).digest


def test_the_collection_is_the_name_of_the_rule_unless_it_says_another() -> None:
    assert rule(name="a").collection == "a"
    assert rule(name="a", collection="b").collection == "b"
