# SPDX-License-Identifier: Apache-2.0
"""How many processes serve, and what a container's share of the machine makes of it."""

import os
from pathlib import Path

import pytest

from sidecar.config.workers import usable_cores
from sidecar.errors import Misconfigured
from tests.config.documents import LEAST


def test_one_a_core_unless_it_is_told(load) -> None:
    assert load(LEAST).workers == load(LEAST + "workers: auto\n").workers == usable_cores()
    assert load(LEAST + "workers: 7\n").workers == 7


@pytest.mark.parametrize("word", ["0", "257", "many", "1.5"])
def test_nothing_else_is_a_number_of_workers(load, word: str) -> None:
    with pytest.raises(Misconfigured, match=r":3:10: expected an integer"):
        load(LEAST + f"workers: {word}\n")


@pytest.mark.parametrize(
    ("cpu_max", "cores"),
    [("50000 100000\n", 1), ("100000 100000\n", 1), ("max 100000\n", 99), ("garbage", 99)],
)
def test_a_quota_of_time_counts_as_cores(tmp_path: Path, cpu_max: str, cores: int) -> None:
    (tmp_path / "cpu.max").write_text(cpu_max)
    assert usable_cores(tmp_path / "cpu.max") == min(cores, len(os.sched_getaffinity(0)))
    assert usable_cores(tmp_path / "absent") == len(os.sched_getaffinity(0))
