# SPDX-License-Identifier: Apache-2.0
"""Rules in files: what is read, what is refused, and all of it told at once, in its place."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.rules import Faults, Mode, Phase, RuleSet, read_rules
from tests.rules.samples import FILE, write

LOOKUP_KEY = "bG9va3Vw"


def read_text(folder: Path, text: str) -> RuleSet:
    return read_rules(write(folder, text))


def complaints(folder: Path, text: str) -> list[str]:
    """What is said about a file, without the name of the file."""
    with pytest.raises(Faults) as caught:
        read_text(folder, text)
    return [error.why.removeprefix(f"{folder}/rules.yaml:") for error in caught.value.found]


def test_a_rule_says_what_its_file_says(tmp_path: Path) -> None:
    (rule,) = read_text(tmp_path, FILE).rules

    assert (rule.name, rule.collection, rule.store.name) == ("customers", "customers", "crm")
    assert rule.store.hosts == ("crm.internal:8080",)
    assert [str(route) for route in rule.routes] == ["/customers", "/customers/{id}"]
    assert (rule.cmk.seal, rule.cmk.open) == ("alias/customers", ())
    assert (rule.tenant_header, rule.record) == ("x-tenant-id", "id")
    assert rule.phase is Phase.ENFORCE
    assert rule.where == f"{tmp_path}/rules.yaml:3:5"


def test_every_other_key_is_read(tmp_path: Path) -> None:
    more = f"""\
      email: {{search: equality, normalize: [trim, lower], as: mail}}
      notes: {{seal: json, null: seal}}
    phase: enforce
    collection: clients
    documents: {{request: ["$.params"], response: ["$.result[*]", "$.first"]}}
    require: {{"$.command": "[a-z ]*"}}
    lookup_keys: [{LOOKUP_KEY}, "b2xk"]
    suite: sm4-gcm-sm3
"""
    cmk = "cmk: {seal: alias/new, open: [alias/old, key-hzz1234abcd]}"
    (rule,) = read_text(tmp_path, FILE.replace("cmk: alias/customers", cmk) + more).rules

    assert rule.collection == "clients"
    assert (rule.cmk.seal, rule.cmk.open) == ("alias/new", ("alias/old", "key-hzz1234abcd"))
    assert [str(path) for path in rule.documents.response] == ["result[*]", "first"]
    assert [str(path) for path in rule.documents.request] == ["params"]
    assert rule.require[0].path == FieldPath.parse("$.command")
    assert rule.lookup_keys == (b"lookup", b"old")
    assert rule.suite == "sm4-gcm-sm3"
    ssn, email, notes = rule.fields
    assert ssn.mode is Mode.SEALED
    assert (email.name, email.mode, email.normalize) == ("mail", Mode.EQUALITY, ("trim", "lower"))
    assert (notes.mode, notes.null) == (Mode.JSON, "seal")


def test_a_field_of_digits_keeps_the_last_of_them(tmp_path: Path) -> None:
    more = f"      card: {{format: digits, keep_last: 4}}\n    lookup_keys: [{LOOKUP_KEY}]\n"
    card = read_text(tmp_path, FILE + more).rules[0].fields[1]

    assert (card.mode, card.keep_last) == (Mode.DIGITS, 4)


def test_everything_wrong_is_told_at_once_in_its_place(tmp_path: Path) -> None:
    text = """\
version: 1
rules:
  - name: customers
    stor: {name: crm, kind: rest, hosts: ["crm.internal:8080"]}
    routes: ["customers", "/customers/{id"]
    cmk: customers
    phase: enforced
    fields:
      ssn: seald
      cards[0]: sealed
      email: {serch: equality}
  - name: two words
    store: {name: crm, kind: resd, hosts: ["http://crm:80"]}
    routes: ["/x"]
    cmk: alias/x
    fields: {a: sealed}
"""
    found = complaints(tmp_path, text)

    assert [line.split(": ")[0] for line in found] == [
        "4:5", "5:14", "5:27", "6:10", "7:12", "9:12", "10:7", "11:15", "3:5",
        "12:11", "13:30", "13:44",
    ]  # fmt: skip
    told = "\n".join(found)
    for nearest in ("'store'", "'alias/customers'", "'enforce'", "'sealed'", "'search'", "'rest'"):
        assert f"did you mean {nearest}?" in told


def test_faults_between_rules_are_told_together_with_those_within(tmp_path: Path) -> None:
    second = FILE.partition("rules:\n")[2]
    third = second.replace("ssn: sealed", "ssn: nonsense")

    found = complaints(tmp_path, FILE + second + third)

    assert any("'nonsense'" in line for line in found)
    assert any("the name 'customers' is taken" in line for line in found)
    assert any("shadowed" in line for line in found)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("version: 1", "version: 2", "1:10: '2' is not a word here; known here: 1"),
        ("version: 1\n", "", "1:1: 'version' is missing"),
        ("    cmk: alias/customers\n", "", "3:5: 'cmk' is missing"),
        ("alias/customers", '""', "6:10: '' is no alias (alias/…), key id or ARN of a CMK"),
        ('["/customers", "/customers/{id}"]', "[]", "5:13: an empty list"),
        ('"/customers/{id}"', '"/customers"', "5:28: this stands here twice"),
        ("record: id", "record: ssn", "10:7: `record: ssn` cannot be supplied on reads"),
        ("X-Tenant-Id", "Host", "7:22: 'Host' says how a message is sent, not for whom"),
        ("X-Tenant-Id", "X Tenant", "7:22: 'X Tenant' is not the name of a header"),
        ("ssn: sealed", "ssn: {}", "10:12: nothing here; write `sealed`"),
        ("ssn: sealed", "ssn: sealed\n      $.ssn: sealed", "11:7: ssn is designated twice"),
        ("ssn: sealed", "ssn: {seal: json, search: equality}", "10:12: `seal` and `search` excl"),
        ("ssn: sealed", "ssn: {search: equality}", "10:7: ssn needs `lookup_keys`"),
        ("ssn: sealed", "ssn: {normalize: [lower]}", "10:7: `normalize` belongs to `search: equa"),
        ("ssn: sealed", "ssn: {keep_last: 9}", "10:24: expected an integer from 1 to 8"),
        ("record: id", "lookup_keys: [x]", "8:19: not base64"),
        ("record: id", "lookup_keys: [YQ==, Yg==, Yw==]", "8:31: more than 2 in this list"),
        ("record: id", "require: {$.q: '['}", "8:20: not a regular expression"),
        ("record: id", "documents: {requests: [$]}", "8:17: unknown key 'requests'; did you mean"),
        ("record: id", "suite: aes-256-siv", "8:12: 'aes-256-siv' is not a word here"),
        ("record: id", "tenant: {header: A}", "8:5: 'tenant' stands here twice"),
    ],
)
def test_one_fault_is_told_in_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in FILE
    assert any(line.startswith(told) for line in complaints(tmp_path, FILE.replace(old, new)))


def test_a_lookup_key_has_one_spelling_and_a_limit(tmp_path: Path) -> None:
    for text in ("bG9va3Vx=", "bG9va3V=", "YR==", "-_8=", "A" * 2048):
        found = complaints(tmp_path, FILE.replace("record: id", f'lookup_keys: ["{text}"]'))
        assert len(found) == 1


def test_a_store_is_named_by_rules_that_do_not_spell_it_out(tmp_path: Path) -> None:
    early = """\
version: 1
rules:
  - {name: orders, store: crm, routes: ["/orders"], cmk: alias/o, fields: {total: sealed}}
"""
    write(tmp_path, early, "1.yaml")
    write(tmp_path, FILE, "2.yaml")

    orders, customers = read_rules(tmp_path).rules

    assert orders.store == customers.store


def test_a_store_that_nobody_spells_out_is_an_error(tmp_path: Path) -> None:
    more = '  - {name: b, store: crn, routes: ["/b"], cmk: alias/b, fields: {c: sealed}}\n'

    (found,) = complaints(tmp_path, FILE + more)

    assert found.startswith("11:22: no rule spells out a store 'crn'")
    assert found.endswith("did you mean 'crm'?")


def test_a_store_is_the_same_in_every_file(tmp_path: Path) -> None:
    write(tmp_path, FILE, "a.yaml")
    other = FILE.replace("8080", "9090").replace("name: customers", "name: orders")
    write(tmp_path, other, "b.yml")

    with pytest.raises(Faults, match="store 'crm' has another kind or other hosts here than at"):
        read_rules(tmp_path)


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for number, name in enumerate(("b.yml", "a.yaml", "C.YAML")):
        text = FILE.replace("name: customers", f"name: rule-{name[0]}")
        write(tmp_path, text.replace("/customers", f"/{number}"), name)
    write(tmp_path, "not rules", "README.md")
    write(tmp_path, "not rules", ".hidden.yaml")

    assert [rule.name for rule in read_rules(tmp_path).rules] == ["rule-C", "rule-a", "rule-b"]


def test_a_folder_mounted_from_a_config_map_is_read(tmp_path: Path) -> None:
    data = tmp_path / "..2026_01_01"
    data.mkdir()
    write(data)
    (tmp_path / "..data").symlink_to(data.name)
    (tmp_path / "rules.yaml").symlink_to("..data/rules.yaml")

    assert len(read_rules(tmp_path).rules) == 1


def test_several_paths_hold_together(tmp_path: Path) -> None:
    one = write(tmp_path, FILE, "one.yaml")
    with pytest.raises(Faults, match="is taken by the rule at"):
        read_rules(one, one)


@pytest.mark.parametrize("text", ["", "version: 1\nrules: []\n", "version: 1\n", "[]", "rules"])
def test_no_rules_are_never_what_somebody_meant(tmp_path: Path, text: str) -> None:
    with pytest.raises(Misconfigured):
        read_text(tmp_path, text)
    with pytest.raises(Misconfigured, match="no rules at all"):
        read_rules()


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, FILE, "rules.yaml.bak")
    with pytest.raises(Misconfigured, match=r"no \*\.yaml file in this folder"):
        read_rules(tmp_path)


def test_a_folder_below_would_be_left_out_silently_and_is_an_error(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "more").mkdir()
    with pytest.raises(Misconfigured, match="more: folders inside a folder"):
        read_rules(tmp_path)


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read: No such file"):
        read_rules(tmp_path / "gone.yaml")
    write(tmp_path)
    (tmp_path / "dangling.yaml").symlink_to("gone")
    with pytest.raises(Misconfigured, match=r"dangling\.yaml: cannot be read"):
        read_rules(tmp_path)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(Misconfigured, match=r"loop\.yaml: cannot be read"):
        read_rules(tmp_path)
    with pytest.raises(Misconfigured, match="cannot be read"):
        read_rules(tmp_path / ("x" * 300))
