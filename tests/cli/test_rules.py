# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules`, as transcripts: checks and their exit codes, and a lookup key from a KMS."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sidecar.cli import cli
from sidecar.errors import CannotOpen
from sidecar.keys import KeyContext
from sidecar.rules import read_rules
from tests.keys.providers.double import KEY, KmsDouble, fault
from tests.rules.samples import FILE, write

EXAMPLES = Path(__file__).parents[2] / "rules"


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["rules", "check", *map(str, arguments)])


def test_good_rules_pass_and_are_explained(tmp_path: Path) -> None:
    done = check(write(tmp_path))
    assert done.exit_code == 0
    assert (
        done.output
        == """\
customers (enforce): store crm at crm.internal:8080, under alias/customers
  on /customers, /customers/{id}
  opening for the tenant in x-tenant-id and the record in id
    ssn  sealed

passed: 1 rule, 0 errors, 0 warnings
"""
    )


def test_every_error_is_told(tmp_path: Path) -> None:
    file = write(tmp_path, FILE.replace("cmk: alias/customers", "cmc: x"))
    done = check(tmp_path)
    assert done.exit_code == 1
    assert (
        done.output
        == f"""\
error: {file}:6:5: unknown key 'cmc'; did you mean 'cmk'?
error: {file}:3:5: 'cmk' is missing
failed: 0 rules, 2 errors, 0 warnings
"""
    )


def test_warnings_fail_a_strict_check_alone(tmp_path: Path) -> None:
    file = write(tmp_path, FILE + "    phase: monitor\n")
    advice = (
        f"warning: {file}:3:5: `phase: monitor` seals nothing; values go to the store in clear "
        "[monitoring]\n"
    )
    for arguments, exit_code in (((file,), 0), ((file, "--strict"), 1)):
        done = check(*arguments)
        assert done.exit_code == exit_code
        assert advice in done.output


def test_a_machine_reads_the_same(tmp_path: Path) -> None:
    file = write(tmp_path, FILE + "    phase: monitor\n")
    report = json.loads(check(file, "--json").output)
    assert report["passed"] is True
    assert report["errors"] == []
    assert [(each["rule"], each["word"]) for each in report["warnings"]] == [
        ("customers", "monitoring")
    ]
    assert report["rules"][0]["fields"] == {"ssn": "sealed"}

    write(tmp_path, "version: 3\n")
    done = check(file, "--json")
    assert done.exit_code == 1
    assert json.loads(done.output)["errors"] == [
        f"{file}:1:10: '3' is not a word here; known here: 1",
        f"{file}:1:1: 'rules' is missing",
    ]


def test_an_empty_folder_fails(tmp_path: Path) -> None:
    done = check(tmp_path)
    assert done.exit_code == 1
    assert "so nothing would be sealed" in done.output


@pytest.mark.parametrize("arguments", [[], ["gone.yaml"], ["--loud", "rules"]])
def test_wrong_usage_is_told(tmp_path: Path, arguments: list[str]) -> None:
    assert check(*arguments).exit_code == 2


def test_the_examples_pass_strictly() -> None:
    assert check(EXAMPLES, "--strict").exit_code == 0


@pytest.fixture
async def kms() -> AsyncIterator[KmsDouble]:
    async with KmsDouble("alias/customers") as kms:
        yield kms


def write_credentials(folder: Path, endpoint: str) -> Path:
    file = folder / "credentials.json"
    content = {
        "endpoint": endpoint,
        "region": "cn-hangzhou",
        "access_key_id": KEY.id,
        "access_key_secret": KEY.secret,
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    file.chmod(0o600)
    return file


async def lookup_key(*arguments: str | Path) -> tuple[int, str, str]:
    """Run `sidecar rules lookup-key` as its users do: as a process of its own."""
    command = [sys.executable, "-m", "sidecar", "rules", "lookup-key", *map(str, arguments)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_lookup_key_is_printed_as_the_line_to_paste(tmp_path: Path, kms: KmsDouble) -> None:
    credentials = write_credentials(tmp_path, kms.endpoint)
    code, line, err = await lookup_key(
        "--cmk", "alias/customers", "--store", "crm", "--credentials", credentials
    )
    assert (code, err) == (0, "")

    more = f"      email: {{search: equality}}\n    {line}"
    (edk,) = read_rules(write(tmp_path, FILE + more)).rules[0].lookup_keys

    opened = await kms.brain.decrypt(edk, KeyContext("crm", tenant=""))
    assert len(opened.plaintext) == 32
    with pytest.raises(CannotOpen):
        await kms.brain.decrypt(edk, KeyContext("another-store", tenant=""))
    assert kms.brain.calls["Decrypt"] == 2  # both from here: the command saw no plaintext


async def test_a_machine_gets_the_lookup_key_as_json(tmp_path: Path, kms: KmsDouble) -> None:
    credentials = write_credentials(tmp_path, "http://127.0.0.1:1")
    code, out, _ = await lookup_key(
        *("--cmk", "alias/customers", "--store", "crm", "--json"),
        *("--credentials", credentials, "--endpoint", kms.endpoint),
    )
    assert code == 0
    assert list(json.loads(out)) == ["lookup_key"]


async def test_a_kms_that_says_no_is_told_in_one_sentence(tmp_path: Path, kms: KmsDouble) -> None:
    credentials = write_credentials(tmp_path, kms.endpoint)
    kms.script.append(fault(403, "Forbidden.NoPermission", "no"))
    code, out, err = await lookup_key(
        "--cmk", "alias/customers", "--store", "crm", "--credentials", credentials
    )
    assert (code, out) == (1, "")
    assert "Forbidden.NoPermission" in err
    assert err.count("\n") == 1


async def test_credentials_without_a_kms_are_told(tmp_path: Path) -> None:
    credentials = write_credentials(tmp_path, "")
    content = json.loads(credentials.read_text(encoding="utf-8"))
    del content["endpoint"]
    credentials.write_text(json.dumps(content), encoding="utf-8")
    code, out, err = await lookup_key(
        "--cmk", "alias/customers", "--store", "crm", "--credentials", credentials
    )
    assert (code, out) == (2, "")
    assert "--endpoint URL" in err
