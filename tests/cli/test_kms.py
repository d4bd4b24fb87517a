# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms`, as its users type it."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from sidecar.cli import main
from tests.fixtures.kms import RunningKms


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


type Sidecar = Callable[..., Done]


@pytest.fixture
def sidecar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sidecar:
    """Run `sidecar kms ...` to its end."""

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["sidecar", "kms", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def call(sidecar: Sidecar, kms: RunningKms) -> Sidecar:
    """Run `sidecar kms call ...` against the running KMS."""
    place = ("--credentials", kms.credentials_file, "--endpoint", kms.endpoint)
    return lambda *arguments: sidecar("call", *place, *arguments)


def test_init_shows_the_access_key_once_and_leaves_alone_what_exists(
    sidecar: Sidecar, tmp_path: Path
) -> None:
    directory = tmp_path / "kms"
    first = sidecar("init", "--dir", directory)
    stored = json.loads((directory / "credentials.json").read_text())
    assert list(stored) == [
        *("endpoint", "region", "account_id", "access_key_id", "access_key_secret"),
    ]
    assert all(value in first.out for value in stored.values())
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    again = sidecar("init", "--dir", directory)
    assert (first.code, again.code) == (0, 0)
    assert "was left as it is" in again.out
    assert stored["access_key_secret"] not in again.out
    assert json.loads(sidecar("init", "--dir", directory, "--json").out)["made"] is False
    assert before == {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_init_says_where_it_cannot_write(sidecar: Sidecar, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = sidecar("init", "--dir", tmp_path / "file" / "kms")
    assert done.code == 2
    assert "cannot be written" in done.err


def test_serve_says_what_is_missing(sidecar: Sidecar, tmp_path: Path) -> None:
    done = sidecar("serve", "--dir", tmp_path)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert f"sidecar kms init --dir {tmp_path}" in done.err


def test_the_help_of_serve_documents_the_configuration(sidecar: Sidecar) -> None:
    shown = sidecar("serve", "--help").out
    for key in ("tls", "keys", "quotas", "rates", "exports", "accounts", "oidc_providers"):
        assert re.search(rf"^ +{key}:", shown, re.MULTILINE), key


def test_serve_wants_an_address(sidecar: Sidecar, kms: RunningKms) -> None:
    for listen in ("28900", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:99999"):
        done = sidecar("serve", "--dir", kms.directory, "--listen", listen)
        assert done.code == 2
        assert "HOST:PORT" in done.err


def test_call_prints_the_answer(call: Sidecar) -> None:
    done = call("CreateKey", "Description=a = b")
    assert done.code == 0
    assert json.loads(done.out)["KeyMetadata"]["Description"] == "a = b"


def test_call_prints_a_refusal_and_fails(call: Sidecar) -> None:
    done = call("DescribeKey", "KeyId=alias/nobody")
    assert done.code == 1
    assert json.loads(done.out)["Code"] == "Forbidden.AliasNotFound"


def test_call_explains_what_is_wrong_with_it(
    sidecar: Sidecar, call: Sidecar, kms: RunningKms, tmp_path: Path
) -> None:
    assert "NAME=VALUE" in call("DescribeKey", "alias/x").err
    done = sidecar("call", "--dir", tmp_path, "ListKeys")
    assert done.code == 2
    assert "credentials.json" in done.err
    place = ("--credentials", kms.credentials_file)
    done = sidecar("call", *place, "--endpoint", "http://127.0.0.1:1", "ListKeys")
    assert done.code == 2
    assert "no KMS answers at 127.0.0.1:1" in done.err
    encrypted = kms.endpoint.replace("http:", "https:")
    done = sidecar("call", *place, "--endpoint", encrypted, "ListKeys")
    assert done.code == 2
    assert "speaks no TLS" in done.err
    done = sidecar("call", *place, "--endpoint", "kms.example", "ListKeys")
    assert done.code == 2
    assert "http://HOST:PORT" in done.err


def test_a_core_is_backed_up_and_restored(
    sidecar: Sidecar, kms: RunningKms, tmp_path: Path
) -> None:
    file, secret = tmp_path / "kms.backup", tmp_path / "passphrase"
    secret.touch(mode=0o600)
    secret.write_text("too short\n")
    place = ("--dir", kms.directory, "--passphrase-file", secret)
    assert "at least 12 characters" in sidecar("backup", file, *place).err
    secret.write_text("correct horse battery staple\n")
    told = json.loads(sidecar("backup", file, *place, "--json").out)
    assert (told["sealed"], told["holds_token"]) == (True, True)
    assert told["bytes"] == file.stat().st_size
    again = sidecar("backup", file, *place)
    assert (again.code, again.err) == (
        2,
        f"sidecar: {file}: is there already; backups are not overwritten\n",
    )
    directory = tmp_path / "restored"
    assert "give its passphrase" in sidecar("restore", file, "--dir", directory).err
    done = sidecar("restore", file, "--dir", directory, "--passphrase-file", secret)
    assert done.code == 0
    assert f"sidecar kms serve --dir {directory}" in done.out
    assert sidecar("audit", "verify", "--dir", directory).code == 0


def test_a_backup_that_is_not_sealed_says_what_it_holds(
    sidecar: Sidecar, kms: RunningKms, tmp_path: Path
) -> None:
    done = sidecar("backup", tmp_path / "plain", "--dir", kms.directory)
    assert done.code == 0
    assert "can use every CMK" in done.out
