# SPDX-License-Identifier: Apache-2.0
"""Signed sets: what somebody trusted signed holds, and no attack on the folder brings in more."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.rules import RuleSource
from sidecar.rules.trust import signature_path
from tests.rules.samples import FILE, write
from tests.rules.trust.sets import SignedSet, write_key

OTHER = FILE.replace("ssn: sealed", "nothing: sealed")


def test_a_signed_set_holds(signed: SignedSet) -> None:
    offered = signed.source.read()
    assert [rule.name for rule in offered.rule_set.rules] == ["customers"]
    assert offered.signed is not None
    assert offered.signed.version == 1
    signed.source.accept(offered)
    signed.put_in_force()  # at the next start


def test_without_a_trust_key_nobody_asks_for_a_signature(signed: SignedSet) -> None:
    signed.signature.unlink()
    source = RuleSource(signed.rules)
    offered = source.read()
    assert offered.signed is None
    source.accept(offered)
    assert not signed.state.exists()


def test_one_file_may_be_signed_alone(signed: SignedSet) -> None:
    file = signed.rules / "customers.yaml"
    lone = SignedSet(signed.folder)
    shutil.move(signed.rules, signed.folder / "elsewhere")
    shutil.move(signed.folder / "elsewhere" / file.name, signed.rules)
    lone.sign(3)
    assert signature_path(lone.rules).name == "rules.sig"
    assert lone.source.read().signed is not None
    lone.rules.write_text(OTHER, encoding="utf-8")
    with pytest.raises(Misconfigured, match="altered: rules"):
        lone.source.read()


ATTACKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "an altered file": (
        lambda rules: write(rules, OTHER, "customers.yaml"),
        "altered: customers.yaml",
    ),
    "a file more": (
        lambda rules: write(rules, OTHER, "more.yaml"),
        "not signed: more.yaml",
    ),
    "a file more in capitals": (
        lambda rules: write(rules, OTHER, "MORE.YML"),
        "not signed: MORE.YML",
    ),
    "a file less": (
        lambda rules: (rules / "customers.test.yaml").unlink(),
        "missing: customers.test.yaml",
    ),
    "a rule file that becomes one of cases": (
        lambda rules: (rules / "customers.yaml").rename(rules / "customers.old.test.yaml"),
        "missing: customers.yaml; not signed: customers.old.test.yaml",
    ),
    "two files exchanged": (
        lambda rules: _exchange(rules / "customers.yaml", rules / "customers.test.yaml"),
        "altered: customers.test.yaml, customers.yaml",
    ),
    "a link to another file": (
        lambda rules: _link(rules / "customers.yaml", write(rules.parent, OTHER, "other.yaml")),
        "altered: customers.yaml",
    ),
    "a name with a line end, which would be another line of what is signed": (
        lambda rules: write(rules, OTHER, "x\ny.yaml"),
        "the name of a signed file has ASCII letters",
    ),
    "no signature": (lambda rules: (rules / "rules.sig").unlink(), "not signed"),
    "an empty signature": (lambda rules: (rules / "rules.sig").write_bytes(b""), "cut short"),
}


def _exchange(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def _link(link: Path, target: Path) -> None:
    link.unlink()
    link.symlink_to(target)


@pytest.mark.parametrize(("attack", "why"), ATTACKS.values(), ids=list(ATTACKS))
def test_nothing_but_what_was_signed_holds(
    signed: SignedSet, attack: Callable[[Path], object], why: str
) -> None:
    attack(signed.rules)
    with pytest.raises(Misconfigured, match=why):
        signed.source.read()


def test_a_link_to_the_signed_bytes_is_as_good_as_they_are(signed: SignedSet) -> None:
    """Kubernetes mounts a ConfigMap as links; what counts is what was read through them."""
    (signed.rules / "customers.yaml").rename(signed.folder / "moved.yaml")
    (signed.rules / "customers.yaml").symlink_to("../moved.yaml")
    assert signed.source.read()


def test_an_older_set_does_not_come_back(signed: SignedSet) -> None:
    """The attack: a set that was signed once, with its true signature, is played again."""
    copy = signed.folder / "copy"
    shutil.copytree(signed.rules, copy)
    signed.edit(OTHER)
    signed.sign(2)
    signed.put_in_force()

    shutil.rmtree(signed.rules)
    shutil.copytree(copy, signed.rules)
    with pytest.raises(Misconfigured, match="version 1 is older than 2"):
        signed.source.read()


def test_a_set_that_was_only_read_shuts_nothing_out(signed: SignedSet) -> None:
    """One that is rejected when it is proved must not keep the one in force from starting."""
    signed.edit(OTHER)
    signed.sign(2)
    newer = signed.source.read()
    signed.edit(FILE)
    signed.sign(1)
    older = signed.source.read()

    signed.source.accept(newer)
    with pytest.raises(Misconfigured, match="older than 2"):
        signed.source.accept(older)


def test_one_version_is_one_set(signed: SignedSet) -> None:
    signed.put_in_force()
    signed.edit(OTHER)
    signed.sign(1)
    with pytest.raises(Misconfigured, match="another set than the one that held as version 1"):
        signed.source.read()


def test_a_signature_by_another_key_does_not_count(signed: SignedSet) -> None:
    write_key(signed.key, signed.folder / "attacker.pub")
    signed.edit(OTHER)
    signed.sign(2)
    with pytest.raises(Misconfigured, match=r"signed by key .* trusted is "):
        signed.source.read()


def test_a_key_that_names_itself_like_the_trusted_one_does_not_count(signed: SignedSet) -> None:
    trusted = signed.signature.read_bytes().split(b" ")[-2]
    write_key(signed.key, signed.folder / "attacker.pub")
    signed.edit(OTHER)
    signed.sign(2)
    forged = signed.signature.read_bytes()
    signed.signature.write_bytes(forged.replace(forged.split(b" ")[-2], trusted))
    with pytest.raises(Misconfigured, match="not of its own text"):
        signed.source.read()


def test_the_signature_of_another_set_does_not_count(signed: SignedSet, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = SignedSet(elsewhere)
    other.rules.mkdir()
    shutil.copy(signed.key, other.key)
    write(other.rules, OTHER, "customers.yaml")
    other.sign(7)
    shutil.copy(other.signature, signed.signature)
    with pytest.raises(
        Misconfigured, match=r"altered: customers\.yaml; not signed: customers\.test"
    ):
        signed.source.read()


def test_keys_are_exchanged_by_trusting_both(signed: SignedSet) -> None:
    old = signed.trust.keys.read_bytes()
    write_key(signed.key, signed.trust.keys)
    signed.trust.keys.write_bytes(old + signed.trust.keys.read_bytes())
    assert signed.source.read()
    signed.sign(2)
    assert signed.source.read()


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_state_that_does_not_tell_lets_nothing_hold(signed: SignedSet, cut: int) -> None:
    signed.put_in_force()
    state = signed.state
    state.write_bytes(state.read_bytes()[:cut])
    with pytest.raises(Misconfigured, match="does not tell which version"):
        signed.source.read()


def test_a_state_that_others_may_write_lets_nothing_hold(signed: SignedSet) -> None:
    signed.put_in_force()
    signed.state.chmod(0o666)
    with pytest.raises(Misconfigured, match="is open to others"):
        signed.source.read()


def test_a_state_that_leads_nowhere_is_not_a_first_start(signed: SignedSet) -> None:
    signed.state.symlink_to("gone")
    with pytest.raises(Misconfigured, match="cannot be read"):
        signed.source.read()


def test_a_state_that_cannot_be_looked_at_is_not_a_first_start(signed: SignedSet) -> None:
    source = RuleSource(signed.rules, signed.trust._replace(state=signed.key / "state"))
    with pytest.raises(Misconfigured, match="cannot be read: Not a directory"):
        source.read()


def test_a_version_that_cannot_be_kept_does_not_hold(signed: SignedSet) -> None:
    source = RuleSource(signed.rules, signed.trust._replace(state=signed.folder / "gone/state"))
    offered = source.read()
    with pytest.raises(Misconfigured, match="cannot be kept: No such file"):
        source.accept(offered)
