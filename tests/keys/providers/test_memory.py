# SPDX-License-Identifier: Apache-2.0
import asyncio
import subprocess
import sys

import pytest

from sidecar.errors import KeyUnavailable
from sidecar.keys import KeyContext, KeyDenied
from sidecar.keys.providers.memory import Failure, MemoryProvider

ACME = KeyContext("crm", "acme")


def test_it_refuses_to_start_where_no_test_runs() -> None:
    """The attack: a configuration that keeps CMKs where they die with the process."""
    code = (
        "from sidecar.errors import Misconfigured\n"
        "from sidecar.keys.providers.memory import MemoryProvider\n"
        "try: MemoryProvider()\n"
        "except Misconfigured as error: print(error.why)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "for tests alone" in done.stdout


async def test_trouble_is_a_switch() -> None:
    kms = MemoryProvider("alias/a")
    kms.failure = Failure.AWAY
    with pytest.raises(KeyUnavailable):
        await kms.describe_key("alias/a")
    kms.failure = Failure.DENIES
    with pytest.raises(KeyDenied):
        await kms.describe_key("alias/a")
    kms.failure = Failure.HANGS
    hanging = asyncio.create_task(kms.describe_key("alias/a"))
    await kms.asked("DescribeKey", 3)
    assert not hanging.done()
    kms.failure = None
    assert (await hanging).state == "Enabled"


async def test_cmks_come_aliases_move_and_states_change() -> None:
    kms = MemoryProvider("alias/a")
    former = (await kms.describe_key("alias/a")).key_id
    assert (await kms.describe_key("alias/a")).key_id != kms.create_cmk("alias/a")
    kms.set_state(former, "PendingDeletion")
    with pytest.raises(KeyDenied, match="PendingDeletion"):
        await kms.generate_data_key(former, ACME)
    kms.delete_alias("alias/a")
    with pytest.raises(KeyDenied):
        await kms.describe_key("alias/a")
