# SPDX-License-Identifier: Apache-2.0
"""The canary comes back from a store that did not see it, and is missed when it does not."""

import httpx
import pytest

from sidecar import canary
from sidecar.errors import Misconfigured
from sidecar.keys import CmkRef, Keyring
from sidecar.keys.providers.memory import Failure, MemoryProvider

CMK = CmkRef("alias/customers")
BIRD = b"canary-1"
RECORD = b'{"canary":"canary-1"}'
SEALED = b'{"canary":"enc:1:AQE"}'
STORED = httpx.Response(200, content=SEALED)
OPENED = httpx.Response(200, content=RECORD)
PROBLEM = httpx.Response(
    503,
    headers={"Content-Type": "application/problem+json"},
    json={"code": "key_unavailable", "detail": "canary-1"},
)


async def test_it_flies_through_a_real_proxy() -> None:
    keyring = Keyring(MemoryProvider(CMK.seal))
    assert "without the canary in them" in await canary.fly(keyring, CMK)
    await keyring.aclose()


async def test_a_kms_that_denies_is_told() -> None:
    provider = MemoryProvider(CMK.seal)
    provider.failure = Failure.DENIES
    keyring = Keyring(provider)
    with pytest.raises(Misconfigured, match="the write was refused: HTTP 503, key_unavailable"):
        await canary.fly(keyring, CMK)
    await keyring.aclose()


@pytest.mark.parametrize(
    ("kept", "written", "read", "why"),
    [
        ([RECORD], STORED, OPENED, "received the canary unsealed"),
        ([b'{"canary":"hidden"}'], STORED, OPENED, "received the canary unsealed"),
        ([SEALED, RECORD], STORED, OPENED, "received the canary unsealed"),
        ([], STORED, OPENED, "the write was refused: HTTP 200"),
        ([SEALED], PROBLEM, OPENED, "the write was refused: HTTP 503, key_unavailable"),
        ([SEALED], STORED, STORED, "reading did not return the canary: HTTP 200"),
        ([SEALED], STORED, PROBLEM, "reading did not return the canary: HTTP 503, key_unav"),
    ],
)
def test_whatever_goes_wrong_is_told_without_the_canary(
    kept: list[bytes], written: httpx.Response, read: httpx.Response, why: str
) -> None:
    with pytest.raises(Misconfigured, match=why) as caught:
        canary.judge(BIRD, RECORD, kept, written, read)
    assert BIRD.decode() not in caught.value.why


def test_what_went_well_is_told() -> None:
    assert "22 bytes" in canary.judge(BIRD, RECORD, [SEALED], STORED, OPENED)
