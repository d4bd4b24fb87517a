# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules lookup-key` against a KMS, as its users call it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sidecar.errors import CannotOpen
from sidecar.keys import KeyContext
from sidecar.rules import read_rules
from tests.fixtures.kms import RunningKms
from tests.keys.providers.double import KEY, KmsDouble, fault
from tests.rules.samples import FILE, write


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


async def test_the_authority_beside_the_credentials_is_trusted(
    make_kms: Callable[..., RunningKms],
) -> None:
    kms = make_kms("127.0.0.1")
    kms.start()
    kms.make_key("alias/customers")
    code, line, err = await lookup_key(
        *("--cmk", "alias/customers", "--store", "crm"),
        *("--credentials", kms.credentials_file, "--endpoint", kms.endpoint),
    )
    assert (code, err) == (0, "")
    assert line.startswith("lookup_keys: [")
