# SPDX-License-Identifier: Apache-2.0
"""A KMS of the proxy's own: made once, kept alive, never left behind."""

import asyncio
import os
import select
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.errors import Misconfigured
from sidecar.proxy.embedded_kms import KmsProcess


def _administrator(kms: KmsProcess) -> KmsClient:
    return KmsClient.from_file(kms.credentials.with_name("credentials.json"), kms.endpoint, None)


def _list_keys(kms: KmsProcess) -> int:
    count: int = _administrator(kms).call("ListKeys", {})["TotalCount"]
    return count


def _create_key(kms: KmsProcess) -> str:
    key_id: str = _administrator(kms).call("CreateKey", {})["KeyMetadata"]["KeyId"]
    return key_id


async def test_the_proxy_may_use_keys_and_not_change_them(tmp_path: Path) -> None:
    async with KmsProcess(tmp_path / "kms") as kms:
        key_id = await asyncio.to_thread(_create_key, kms)
        sidecar = KmsClient.from_file(kms.credentials, kms.endpoint, None)
        for action in ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey"):
            await asyncio.to_thread(sidecar.call, action, {"KeyId": key_id})
        for action in ("CreateKey", "DisableKey", "ListKeys"):
            parameters = {"KeyId": key_id} if action == "DisableKey" else {}
            with pytest.raises(Refusal):
                await asyncio.to_thread(sidecar.call, action, parameters)


async def test_it_is_made_at_its_first_start_and_kept_at_the_next(tmp_path: Path) -> None:
    async with KmsProcess(tmp_path / "kms") as kms:
        assert await asyncio.to_thread(_list_keys, kms) == 0
        assert stat.S_IMODE(kms.credentials.stat().st_mode) == 0o600
        await asyncio.to_thread(_create_key, kms)
    async with KmsProcess(tmp_path / "kms") as again:
        assert await asyncio.to_thread(_list_keys, again) == 1


async def test_a_module_that_lies_in_the_folder_is_not_run_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    (tmp_path / "sidecar").mkdir()
    for name in ("sidecar/__init__.py", "json.py", "base64.py"):
        (tmp_path / name).write_text(f"open({str(canary)!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    async with KmsProcess(tmp_path / "kms") as kms:
        assert await asyncio.to_thread(_list_keys, kms) == 0
    assert not canary.exists()


async def test_it_is_started_again_where_it_was(tmp_path: Path) -> None:
    async with KmsProcess(tmp_path / "kms") as kms:
        endpoint = kms.endpoint
        await asyncio.to_thread(_create_key, kms)
        assert kms.pid is not None
        os.kill(kms.pid, signal.SIGKILL)
        assert await asyncio.to_thread(_until_it_answers, kms) == 1
        assert kms.endpoint == endpoint


def _until_it_answers(kms: KmsProcess) -> int:
    while True:
        try:
            return _list_keys(kms)
        except Misconfigured:  # nobody answers yet; the test's own time-out ends this
            continue


async def test_it_is_gone_after_the_end(tmp_path: Path) -> None:
    async with KmsProcess(tmp_path / "kms") as kms:
        pid = kms.pid
        assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


PARENT = """
import asyncio, pathlib, sys
from sidecar.proxy.embedded_kms import KmsProcess
async def main():
    async with KmsProcess(pathlib.Path(sys.argv[1])) as kms:
        print(kms.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


def test_it_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "kms")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        kms = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    try:
        assert _has_ended(kms)
    finally:
        os.close(kms)


def _has_ended(process: int) -> bool:
    """Whether the process behind a pidfd ends; the test's own time-out bounds the wait."""
    readable, _, _ = select.select([process], [], [], 60)
    return bool(readable)


async def test_one_that_cannot_start_is_told(tmp_path: Path) -> None:
    async with KmsProcess(tmp_path / "kms"):
        pass
    (tmp_path / "kms" / "kms.yaml").write_text("nonsense")
    with pytest.raises(Misconfigured, match=r"the KMS in .*/kms did not start"):
        async with KmsProcess(tmp_path / "kms"):
            pass


async def test_one_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "kms").write_text("a file where a folder must be")
    with pytest.raises(Misconfigured, match="no KMS could be made"):
        async with KmsProcess(tmp_path / "kms"):
            pass


async def test_who_is_cancelled_while_it_starts_waits_for_nothing(tmp_path: Path) -> None:
    async with KmsProcess(tmp_path / "kms"):
        pass
    kms = KmsProcess(tmp_path / "kms")
    starting = asyncio.create_task(kms.__aenter__())
    while kms.pid is None:  # noqa: ASYNC110 - nothing else tells
        await asyncio.sleep(0)
    os.kill(kms.pid, signal.SIGSTOP)  # it will never say where it answers
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    with pytest.raises(ProcessLookupError):
        os.kill(kms.pid, 0)


async def test_one_that_was_half_made_is_made_whole(tmp_path: Path) -> None:
    """As when its making was cut short: the configuration is written last."""
    async with KmsProcess(tmp_path / "kms"):
        pass
    (tmp_path / "kms" / "kms.yaml").unlink()
    async with KmsProcess(tmp_path / "kms") as kms:
        assert await asyncio.to_thread(_list_keys, kms) == 0
