# SPDX-License-Identifier: Apache-2.0
import asyncio
import logging

import pytest

from sidecar import envelope
from sidecar.errors import KeyUnavailable
from sidecar.keys import CmkRef, KeyContext, KeyDenied, KeyLimits
from sidecar.keys.providers.memory import Failure, MemoryProvider
from tests.keys.rig import ACME, CMK, GLOBEX, SUITE, Rig, at_once
from tests.keys.strange import OtherCmk, StrangeBlobs

LIMITS = KeyLimits()


async def test_one_key_serves_many_messages_without_another_question(rig: Rig) -> None:
    first = await rig.sealing()
    for _ in range(1000):
        key = at_once(rig.sealing())
        assert key is first
        key.seal(b"place", b"value")
    assert rig.provider.calls["GenerateDataKey"] == 1
    assert rig.stats.sealing_hits == 1000
    assert (first.messages, first.sealed_bytes) == (1000, 5000)


async def test_tenants_stores_rules_and_suites_have_keys_of_their_own(rig: Rig) -> None:
    rig.provider.create_cmk("alias/other")
    keys = [
        await rig.keyring.for_sealing(*wanted)
        for wanted in (
            (CMK, ACME, SUITE),
            (CMK, GLOBEX, SUITE),
            (CMK, KeyContext("billing", "acme"), SUITE),
            (CmkRef("alias/other"), ACME, SUITE),
            (CMK, ACME, envelope.SEALING_SUITES["sm4-gcm-sm3"]),
        )
    ]
    assert len({key.edk for key in keys}) == len(keys)


@pytest.mark.parametrize("limit", ["age", "messages", "bytes"])
async def test_the_successor_comes_in_the_background_before_any_limit(limit: str) -> None:
    rig = Rig(KeyLimits(max_age=100, max_messages=10, max_bytes=1000))
    first = await rig.sealing()
    match limit:
        case "age":
            rig.clock.turn(70)
        case "messages":
            for _ in range(7):
                first.seal(b"", b"")
        case "bytes":
            first.seal(b"", bytes(700))
    assert at_once(rig.sealing()) is first
    await rig.landed()
    assert at_once(rig.sealing()) is not first
    assert rig.stats.sealing_misses == 1  # the very first; nobody waited for the second
    await rig.keyring.aclose()


async def test_a_key_that_lay_idle_past_its_age_does_not_seal(rig: Rig) -> None:
    first = await rig.sealing()
    rig.clock.turn(LIMITS.max_age)
    assert await rig.sealing() is not first


@pytest.mark.parametrize("spent", [False, True], ids=["aged", "spent"])
async def test_absence_earns_a_bounded_grace(rig: Rig, *, spent: bool) -> None:
    first = await rig.sealing()
    rig.provider.failure = Failure.AWAY
    if spent:
        first.messages = LIMITS.max_messages
    else:
        rig.clock.turn(LIMITS.max_age)
    assert await rig.sealing() is first
    assert at_once(rig.sealing()) is first  # known to be away: nobody waits to hear it again
    assert rig.stats.grace_sealing == 2
    rig.clock.turn(LIMITS.max_age + LIMITS.grace)
    with pytest.raises(KeyUnavailable):
        await rig.sealing()


async def test_nobody_waits_for_a_kms_that_was_asked_in_time_and_hangs(rig: Rig) -> None:
    first = await rig.sealing()
    rig.provider.failure = Failure.HANGS
    first.messages = int(LIMITS.max_messages * 0.8)
    assert at_once(rig.sealing()) is first
    first.messages = LIMITS.max_messages
    assert at_once(rig.sealing()) is first
    rig.provider.failure = None
    await rig.landed()
    assert at_once(rig.sealing()) is not first


async def test_the_hard_limits_hold_while_the_kms_is_away(rig: Rig) -> None:
    for attribute, most in (
        ("messages", LIMITS.hard_messages),
        ("sealed_bytes", LIMITS.hard_bytes),
    ):
        rig.provider.failure = None
        rig.clock.turn(LIMITS.max_age + LIMITS.grace)
        key = await rig.sealing()
        rig.provider.failure = Failure.AWAY
        setattr(key, attribute, most)
        with pytest.raises(KeyUnavailable):
            await rig.sealing()


async def test_a_denial_earns_no_grace(rig: Rig) -> None:
    first = await rig.sealing()
    rig.provider.set_state(first.key_id, "Disabled")
    rig.clock.turn(LIMITS.max_age * 0.8)
    assert at_once(rig.sealing()) is first  # within its limit, and the successor is asked for
    await rig.landed()
    assert at_once(rig.sealing()) is first
    rig.clock.turn(LIMITS.max_age * 0.2)
    with pytest.raises(KeyDenied):
        await rig.sealing()
    assert rig.stats.grace_sealing == 0


async def test_the_grace_ends_when_the_kms_comes_back_and_says_no(rig: Rig) -> None:
    first = await rig.sealing()
    rig.provider.failure = Failure.AWAY
    rig.clock.turn(LIMITS.max_age)
    assert await rig.sealing() is first
    rig.provider.failure = Failure.DENIES
    rig.clock.turn(LIMITS.retry_most)
    assert at_once(rig.sealing()) is first
    await rig.landed()
    with pytest.raises(KeyDenied):
        await rig.sealing()


async def test_an_absent_kms_is_asked_again_ever_more_rarely(rig: Rig) -> None:
    await rig.sealing()
    rig.provider.failure = Failure.AWAY
    rig.clock.turn(LIMITS.max_age)
    for _ in range(600):
        await rig.sealing()
        await rig.landed()
        rig.clock.turn(1)
    assert 600 / LIMITS.retry_most <= rig.stats.kms_calls["GenerateDataKey", "unavailable"] <= 60
    rig.provider.failure = None
    rig.clock.turn(LIMITS.retry_most)
    await rig.sealing()
    await rig.landed()
    assert (await rig.sealing()).messages == 0
    assert rig.stats.kms_calls["GenerateDataKey", "ok"] == 2


async def test_a_failure_without_any_key_is_not_asked_about_again_at_once(rig: Rig) -> None:
    rig.provider.failure = Failure.AWAY
    for _ in range(100):
        with pytest.raises(KeyUnavailable):
            await rig.sealing()
    assert rig.provider.calls["DescribeKey"] == 1
    rig.provider.failure = None
    rig.clock.turn(LIMITS.retry_first)
    await rig.sealing()


async def test_many_callers_ask_once(rig: Rig) -> None:
    keys = await asyncio.gather(*(rig.sealing() for _ in range(50)))
    assert len({id(key) for key in keys}) == 1
    assert rig.provider.calls["GenerateDataKey"] == 1


async def test_a_cancelled_caller_leaves_the_flight_to_the_others(rig: Rig) -> None:
    rig.provider.failure = Failure.HANGS
    given_up, patient = (asyncio.create_task(rig.sealing()) for _ in range(2))
    await rig.provider.asked("DescribeKey")
    given_up.cancel()
    await asyncio.wait([given_up])
    assert given_up.cancelled()
    rig.provider.failure = None
    assert (await patient) is at_once(rig.sealing())


async def test_a_flight_that_everybody_gave_up_still_lands(rig: Rig) -> None:
    rig.provider.failure = Failure.HANGS
    given_up = asyncio.create_task(rig.sealing())
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    await rig.provider.asked("DescribeKey")
    rig.provider.failure = None
    await rig.landed()
    at_once(rig.sealing())


async def test_what_was_sealed_here_opens_here_without_the_kms(rig: Rig) -> None:
    key = await rig.sealing()
    sealed = envelope.parse_text(key.seal(b"place", b"value"))
    rig.provider.failure = Failure.AWAY
    assert at_once(rig.opening(key.edk))[key.edk].open(sealed, b"place") == b"value"


async def test_a_moved_alias_is_noticed_in_time_without_a_wait(rig: Rig) -> None:
    first = await rig.sealing()
    moved_to = rig.provider.create_cmk(CMK.seal)
    rig.clock.turn(LIMITS.cmk_age)
    assert at_once(rig.sealing()) is first
    await rig.landed()
    assert (await rig.sealing()).key_id == moved_to


async def test_a_deleted_alias_makes_no_new_data_keys(rig: Rig) -> None:
    """Whoever takes the alias away wants sealing under it to end; an old id must not go on."""
    first = await rig.sealing()
    rig.provider.delete_alias(CMK.seal)
    rig.clock.turn(LIMITS.max_age * 0.9)
    assert at_once(rig.sealing()) is first
    await rig.landed()
    rig.clock.turn(LIMITS.max_age * 0.1)
    for _ in range(3):
        with pytest.raises(KeyDenied):
            await rig.sealing()
        rig.clock.turn(LIMITS.retry_first)
    assert rig.stats.kms_calls["GenerateDataKey", "ok"] == 1


@pytest.mark.parametrize("kind", [StrangeBlobs, OtherCmk])
async def test_a_key_that_would_not_be_read_never_seals(kind: type[MemoryProvider]) -> None:
    """Law 7: what reads would refuse, by shape or by CMK, must not be written."""
    rig = Rig(provider=kind(CMK.seal))
    with pytest.raises(KeyUnavailable):
        await rig.sealing()
    await rig.keyring.aclose()


async def test_sealing_keys_are_bounded() -> None:
    rig = Rig(KeyLimits(sealing_keys=2))
    first = await rig.sealing()
    for tenant in ("a", "b", "c"):
        await rig.sealing(KeyContext("crm", tenant))
    assert rig.stats.evictions == 2
    assert await rig.sealing() is not first
    await rig.keyring.aclose()


async def test_trouble_is_logged_when_it_changes_and_by_ids_alone(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    await rig.sealing(KeyContext("crm", "tenant-is-secret"))
    rig.provider.failure = Failure.AWAY
    rig.clock.turn(LIMITS.max_age)
    with caplog.at_level(logging.DEBUG, logger="sidecar"):
        for _ in range(5):
            await rig.sealing(KeyContext("crm", "tenant-is-secret"))
            await rig.landed()
            rig.clock.turn(LIMITS.retry_most)
        rig.provider.failure = Failure.DENIES
        await rig.sealing(KeyContext("crm", "tenant-is-secret"))
        await rig.landed()
    away, denied = (record.getMessage() for record in caplog.records)
    assert "store crm, the current one serves on for a while" in away
    assert "store crm, the current one serves to its limit" in denied
    assert "tenant-is-secret" not in caplog.text
