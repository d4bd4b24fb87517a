# SPDX-License-Identifier: Apache-2.0
import asyncio
import os

import pytest

from sidecar import envelope
from sidecar.errors import CannotOpen, KeyUnavailable
from sidecar.keys import KeyContext, KeyDenied, KeyLimits
from sidecar.keys.providers.memory import Failure
from tests.keys.rig import ACME, CMK, GLOBEX, Rig, at_once

LIMITS = KeyLimits()


def random_edk() -> bytes:
    """What nobody has made, in the shape of an EDK."""
    return os.urandom(18).hex().encode() + os.urandom(72)


async def test_a_message_with_many_keys_is_opened_at_once_and_then_from_memory(rig: Rig) -> None:
    edks = [await rig.new_edk() for _ in range(200)]
    found = await rig.opening(*edks, edks[0])
    assert sorted(found) == sorted(edks)
    assert at_once(rig.opening(*edks)) == found
    assert rig.provider.calls["Decrypt"] == 200
    assert (rig.stats.opening_misses, rig.stats.opening_hits) == (201, 200)


async def test_what_another_process_sealed_opens() -> None:
    writer = Rig()
    key = await writer.sealing()
    sealed = envelope.parse_text(key.seal(b"place", b"value"))
    reader = Rig(provider=writer.provider)
    assert (await reader.opening(key.edk))[key.edk].open(sealed, b"place") == b"value"
    await writer.keyring.aclose()
    await reader.keyring.aclose()


async def test_no_edks_are_no_question(rig: Rig) -> None:
    assert at_once(rig.opening()) == {}


async def test_one_edk_that_does_not_open_refuses_the_message_but_keeps_the_others(
    rig: Rig,
) -> None:
    good, bad = await rig.new_edk(), random_edk()
    with pytest.raises(CannotOpen):
        await rig.opening(good, bad)
    assert at_once(rig.opening(good))


async def test_a_refusal_that_stands_comes_before_an_absence_that_passes(rig: Rig) -> None:
    """Law 6: a message that can never open is not a 503 that invites a retry."""
    rig = Rig(KeyLimits(decrypts_per_tenant=1, waiting_per_tenant=0))
    with pytest.raises(CannotOpen):
        await rig.opening(random_edk(), random_edk())
    assert rig.stats.overloaded == 1
    await rig.keyring.aclose()


async def test_many_readers_of_one_edk_ask_once(rig: Rig) -> None:
    edk = await rig.new_edk()
    await asyncio.gather(*(rig.opening(edk) for _ in range(50)))
    assert rig.provider.calls["Decrypt"] == 1
    assert rig.stats.flights_shared >= 49


async def test_an_old_key_is_asked_for_again_in_the_background(rig: Rig) -> None:
    edk = await rig.new_edk()
    first = (await rig.opening(edk))[edk]
    rig.clock.turn(LIMITS.open_age * 0.8)
    assert at_once(rig.opening(edk))[edk] is first
    await rig.landed()
    assert at_once(rig.opening(edk))[edk] is not first


async def test_reads_live_through_an_outage_of_a_day(rig: Rig) -> None:
    edk = await rig.new_edk()
    first = (await rig.opening(edk))[edk]
    rig.provider.failure = Failure.AWAY
    rig.clock.turn(LIMITS.open_age)
    assert (await rig.opening(edk))[edk] is first
    rig.clock.turn(LIMITS.open_grace - 1)
    assert at_once(rig.opening(edk))[edk] is first
    assert rig.stats.grace_opening == 2
    rig.clock.turn(1)
    with pytest.raises(KeyUnavailable):
        await rig.opening(edk)


async def test_nobody_waits_for_a_kms_that_was_asked_in_time_and_hangs(rig: Rig) -> None:
    edk = await rig.new_edk()
    first = (await rig.opening(edk))[edk]
    rig.provider.failure = Failure.HANGS
    for share in (0.8, 0.2):
        rig.clock.turn(LIMITS.open_age * share)
        assert at_once(rig.opening(edk))[edk] is first


async def test_a_disabled_cmk_ends_reads_at_the_limit_with_no_grace(rig: Rig) -> None:
    edk = await rig.new_edk()
    key = (await rig.opening(edk))[edk]
    rig.provider.set_state(key.key_id, "Disabled")
    rig.clock.turn(LIMITS.open_age)
    with pytest.raises(KeyDenied):
        await rig.opening(edk)
    assert rig.stats.grace_opening == 0


async def test_a_flood_of_invented_edks_evicts_nothing_and_leaves_nothing(rig: Rig) -> None:
    """The attack: fill the cache with EDKs and tenants of one's own invention."""
    key = await rig.sealing()
    other = await rig.sealing(GLOBEX)
    for number in range(200):
        for context in (ACME, KeyContext("crm", f"invented-{number}")):
            with pytest.raises(CannotOpen):
                await rig.opening(*(random_edk() for _ in range(5)), context=context)
    rig.provider.failure = Failure.AWAY
    assert at_once(rig.opening(key.edk))
    assert at_once(rig.opening(other.edk, context=GLOBEX))
    assert rig.stats.evictions == 0
    assert len(rig.keyring._opening.cache) == 2
    assert len(rig.keyring._opening._gates) == 0


async def test_a_tenant_pushes_out_only_its_own_keys() -> None:
    rig = Rig(KeyLimits(opened_per_tenant=4))
    quiet = await rig.new_edk(GLOBEX)
    await rig.opening(quiet, context=GLOBEX)
    for _ in range(20):
        await rig.opening(await rig.new_edk())
    assert rig.stats.evictions == 16
    assert at_once(rig.opening(quiet, context=GLOBEX))
    await rig.keyring.aclose()


async def test_a_tenant_occupies_a_bounded_part_of_the_kms(rig: Rig) -> None:
    """The attack: list a thousand records so that nobody else's are opened."""
    rig = Rig(KeyLimits(decrypts_per_tenant=2, waiting_per_tenant=3))
    edks = [await rig.new_edk() for _ in range(6)]
    quiet = await rig.new_edk(GLOBEX)
    rig.provider.failure = Failure.HANGS
    greedy = asyncio.create_task(rig.opening(*edks))
    await rig.provider.asked("Decrypt", 2)
    modest = asyncio.create_task(rig.opening(quiet, context=GLOBEX))
    await rig.provider.asked("Decrypt", 3)
    assert rig.provider.calls["Decrypt"] == 3  # two of the greedy tenant, and the modest one
    assert rig.stats.overloaded == 1
    rig.provider.failure = None
    assert await modest
    with pytest.raises(KeyUnavailable, match="of one tenant"):
        await greedy
    assert len(rig.keyring._opening._gates) == 0
    assert at_once(rig.opening(*edks[:5]))
    await rig.keyring.aclose()


async def test_a_cancelled_reader_takes_nothing_from_the_others(rig: Rig) -> None:
    edk = await rig.new_edk()
    rig.provider.failure = Failure.HANGS
    given_up, patient = (asyncio.create_task(rig.opening(edk)) for _ in range(2))
    await rig.provider.asked("Decrypt")
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    rig.provider.failure = None
    assert await patient
    assert at_once(rig.opening(edk))


async def test_a_key_in_use_outlives_its_eviction() -> None:
    rig = Rig(KeyLimits(opened_per_tenant=1))
    first = await rig.sealing()
    sealed = envelope.parse_text(first.seal(b"place", b"value"))
    await rig.opening(await rig.new_edk())
    assert first.edk not in (rig.keyring._opening.cache.find(ACME) or {})
    assert first.open(sealed, b"place") == b"value"
    await rig.keyring.aclose()


async def test_a_cached_key_is_held_against_each_rule_anew(rig: Rig) -> None:
    """Law 2: that another rule opened it in this context does not open it for ours."""
    rig.provider.create_cmk("alias/other")
    edk = await rig.new_edk(cmk="alias/other")
    other = CMK._replace(seal="alias/other")
    assert await rig.opening(edk, cmk=other)
    await rig.sealing()
    with pytest.raises(CannotOpen):
        await rig.opening(edk)
    assert at_once(rig.opening(edk, cmk=other))


async def test_a_rule_that_refuses_an_edk_takes_nothing_from_the_rule_that_owns_it(
    rig: Rig,
) -> None:
    """The attack: plant an EDK in another rule's place, so that its own rule loses its grace."""
    rig.provider.create_cmk("alias/other")
    edk = await rig.new_edk(cmk="alias/other")
    other = CMK._replace(seal="alias/other")
    await rig.opening(edk, cmk=other)
    with pytest.raises(CannotOpen):
        await rig.opening(edk)
    rig.provider.failure = Failure.AWAY
    rig.clock.turn(LIMITS.open_age)
    assert await rig.opening(edk, cmk=other)
