# SPDX-License-Identifier: Apache-2.0
import asyncio

import pytest

from sidecar.errors import CannotOpen, KeyUnavailable
from sidecar.keys import KeyContext, KeyStats
from sidecar.keys.providers.counted import CountedProvider
from sidecar.keys.providers.memory import Failure, MemoryProvider

ACME = KeyContext("crm", "acme")


async def test_every_question_counts_under_how_it_ended() -> None:
    memory, stats = MemoryProvider("alias/a"), KeyStats()
    counted = CountedProvider(memory, stats)
    made = await counted.generate_data_key("alias/a", ACME)
    assert (await counted.decrypt(made.edk, ACME)).plaintext == made.plaintext
    with pytest.raises(CannotOpen):
        await counted.decrypt(made.edk, KeyContext("crm", "globex"))
    for failure in (Failure.AWAY, Failure.DENIES):
        memory.failure = failure
        with pytest.raises(KeyUnavailable):
            await counted.describe_key("alias/a")
    memory.failure = Failure.HANGS
    given_up = asyncio.create_task(counted.describe_key("alias/a"))
    await memory.asked("DescribeKey", 3)
    given_up.cancel()
    await asyncio.wait([given_up])
    assert stats.kms_calls == {
        ("GenerateDataKey", "ok"): 1,
        ("Decrypt", "ok"): 1,
        ("Decrypt", "cannot_open"): 1,
        ("DescribeKey", "unavailable"): 1,
        ("DescribeKey", "denied"): 1,
        ("DescribeKey", "failed"): 1,
    }
    assert counted.is_plausible(made.edk)
    await counted.aclose()
