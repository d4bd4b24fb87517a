# SPDX-License-Identifier: Apache-2.0
"""The process that makes pairs answers on a line of its own, and outlives nobody."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.hsm import HsmThread

ENDED_IN_A_CALL = 1


@pytest.fixture
def process(hsm: HsmThread) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-P", "-m", "sidecar.kms.pair_process", str(hsm.uri)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def order(process: subprocess.Popen[bytes], key_spec: str, purpose: str = "sign") -> None:
    assert process.stdin is not None
    line = json.dumps([str(uuid.uuid4()), key_spec, purpose, "HSM"])
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()


def test_what_a_module_prints_is_no_answer(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    order(process, "RSA_2048")
    assert list(json.loads(process.stdout.readline())) == ["public"]
    descriptors = Path(f"/proc/{process.pid}/fd")
    assert (descriptors / "1").readlink() == (descriptors / "2").readlink()
    rest, _ = process.communicate(timeout=60)
    assert (rest, process.returncode) == (b"", 0)


def test_its_end_waits_for_no_pair(process: subprocess.Popen[bytes]) -> None:
    for _ in range(64):
        order(process, "RSA_4096")
    process.communicate(timeout=60)
    assert process.returncode == ENDED_IN_A_CALL
