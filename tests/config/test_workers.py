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


CORES = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("name", "text", "workers"),
    [
        ("cpu.max", "50000 100000\n", 1),
        ("cpu.max", "100000 100000\n", 1),
        ("cpu.max", "max 100000\n", CORES),
        ("cpu.max", "garbage", CORES),
        ("memory.max", "268435456\n", 1),
        ("memory.max", "1048576\n", 1),
        ("memory.max", "max\n", CORES),
    ],
)
def test_what_a_container_may_use_bounds_them(
    tmp_path: Path, name: str, text: str, workers: int
) -> None:
    """A sidecar without a CPU limit on a large machine would else fill its memory with workers."""
    (tmp_path / name).write_text(text)
    assert usable_cores(tmp_path) == workers
    assert usable_cores(tmp_path / "absent") == CORES
