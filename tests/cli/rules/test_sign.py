# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules keygen`, `sign` and `verify`, as those do who answer for the rules."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sidecar.cli import cli
from sidecar.errors import Misconfigured, Refused
from sidecar.rules import read_files
from sidecar.rules.trust import describe, read_signing_key
from sidecar.rules.trust import sign as make_signature
from tests.rules.samples import FILE, write


def rules(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["rules", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A key, and a folder of rules that is not signed yet."""
    done = rules("keygen", "--key", tmp_path / "rules.key", "--trust", tmp_path / "rules.pub")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "rules"
    folder.mkdir()
    write(folder, name="customers.yaml")
    return folder


def sign(folder: Path, *more: str | Path) -> Result:
    return rules("sign", folder, "--key", folder.parent / "rules.key", *more)


def verify(folder: Path, *more: str | Path) -> Result:
    return rules("verify", folder, "--trust", folder.parent / "rules.pub", *more)


def test_the_keys_are_made_once_and_the_secret_is_its_owners(folder: Path) -> None:
    key = folder.parent / "rules.key"
    assert key.stat().st_mode & 0o777 == 0o600
    done = rules("keygen", "--key", key, "--trust", folder.parent / "other.pub")
    assert isinstance(done.exception, Misconfigured)
    assert done.exception.why == f"{key}: cannot be made: File exists"
    assert b"PRIVATE" not in (folder.parent / "rules.pub").read_bytes()


def test_half_a_pair_of_keys_is_not_left(folder: Path) -> None:
    key = folder.parent / "new.key"
    done = rules("keygen", "--key", key, "--trust", folder.parent / "rules.pub")
    assert isinstance(done.exception, Misconfigured)
    assert not key.exists()


def test_what_was_signed_is_verified(folder: Path) -> None:
    done = sign(folder)
    assert done.exit_code == 0
    assert done.stdout.startswith("signed version 1, 1 file, with key ")
    assert verify(folder).output == "version 1, signed and unaltered: customers.yaml\n"
    assert json.loads(sign(folder, "--json").stdout)["version"] == 2
    assert json.loads(verify(folder, "--json").output) == {
        "passed": True,
        "version": 2,
        "files": ["customers.yaml"],
    }


def test_what_its_store_could_not_hold_is_neither_signed_nor_verified(folder: Path) -> None:
    """The language takes it, and the proxy would not start."""
    write(folder, FILE.replace("kind: rest", "kind: graphql"), name="customers.yaml")
    done = sign(folder)
    assert isinstance(done.exception, Misconfigured)
    assert "documents of a GraphQL store" in done.exception.why
    assert not (folder / "rules.sig").exists()
    key = read_signing_key(folder.parent / "rules.key")
    signature = make_signature(describe(read_files(folder), 1), key)
    (folder / "rules.sig").write_bytes(signature.encode())
    refused = verify(folder)
    assert isinstance(refused.exception, Refused)
    assert "documents of a GraphQL store" in refused.exception.why


def test_what_was_altered_is_told(folder: Path) -> None:
    sign(folder)
    write(folder, FILE + "      email: sealed\n", "customers.yaml")
    done = verify(folder)
    assert isinstance(done.exception, Refused)
    assert "not the files that were signed: altered: customers.yaml" in done.exception.why
    assert "sidecar rules sign" in done.exception.why
    done = verify(folder, "--json")
    assert done.exit_code == 1
    assert json.loads(done.output)["passed"] is False


def test_versions_only_go_up(folder: Path) -> None:
    sign(folder, "--version", "7")
    done = sign(folder, "--version", "7")
    assert isinstance(done.exception, Misconfigured)
    assert "has version 7 already" in done.exception.why
    assert "signed version 8" in sign(folder).stdout


def test_an_unreadable_signature_is_not_counted_from(folder: Path) -> None:
    (folder / "rules.sig").write_bytes(b"nonsense")
    done = sign(folder)
    assert isinstance(done.exception, Misconfigured)
    assert "say which --version this is" in done.exception.why
    assert sign(folder, "--version", "3").exit_code == 0


def test_rules_that_cannot_hold_are_not_signed(folder: Path) -> None:
    write(folder, FILE.replace("cmk:", "cmc:"), "customers.yaml")
    assert isinstance(sign(folder).exception, Misconfigured)
    assert not (folder / "rules.sig").exists()


def test_an_older_set_than_held_is_told(folder: Path) -> None:
    state = folder.parent / "rules.state"
    state.write_text(f"envelope-sidecar accepted rules v1\nversion 9\nmanifest {'0' * 64}\n")
    state.chmod(0o600)
    sign(folder)
    assert "signed and unaltered" in verify(folder).output
    done = verify(folder, "--state", state)
    assert isinstance(done.exception, Refused)
    assert "version 1 is older than 9" in done.exception.why


def test_a_state_that_is_not_there_is_told_for_nothing_is_compared(folder: Path) -> None:
    sign(folder)
    state = folder.parent / "rules.state"
    done = verify(folder, "--state", state, "--json")
    assert done.exit_code == 0
    assert f"{state} is not there: nothing held yet" in done.stderr
    assert json.loads(done.stdout)["passed"] is True
    assert not state.exists()


def test_one_file_is_signed_beside_itself(folder: Path) -> None:
    file = folder / "customers.yaml"
    done = rules("sign", file, "--key", folder.parent / "rules.key")
    assert done.exit_code == 0
    assert (folder / "customers.yaml.sig").exists()
    assert rules("verify", file, "--trust", folder.parent / "rules.pub").exit_code == 0
