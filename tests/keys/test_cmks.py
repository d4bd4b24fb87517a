# SPDX-License-Identifier: Apache-2.0
import logging

import pytest

from sidecar.errors import CannotOpen, KeyUnavailable
from sidecar.keys import CmkRef, KeyDenied, KeyLimits
from sidecar.keys.providers.memory import Failure
from tests.keys.rig import CMK, Rig, at_once
from tests.keys.strange import OtherAccount, PartlyAway

LIMITS = KeyLimits()
BOTH = CmkRef("alias/customers", ("alias/former",))


async def test_an_edk_of_a_replica_that_knows_of_a_moved_alias_opens(rig: Rig) -> None:
    """Another process has noticed the move already; ours looks again before it refuses."""
    await rig.sealing()
    moved_to = rig.provider.create_cmk(CMK.seal)
    edk = await rig.new_edk()
    rig.clock.turn(LIMITS.cmk_recheck)
    assert (await rig.opening(edk))[edk].key_id == moved_to


async def test_foreign_edks_cannot_make_us_ask_for_the_alias_each_time(rig: Rig) -> None:
    foreign = rig.provider.create_cmk()
    await rig.sealing()
    for _ in range(20):
        edk = await rig.new_edk(cmk=foreign)
        with pytest.raises(CannotOpen):
            await rig.opening(edk)
    assert rig.provider.calls["DescribeKey"] == 1


async def test_what_the_former_cmk_sealed_opens_only_where_the_rule_lists_it(rig: Rig) -> None:
    former = rig.provider.create_cmk("alias/former")
    edk = await rig.new_edk(cmk="alias/former")
    with pytest.raises(CannotOpen):
        await rig.opening(edk)
    assert (await rig.opening(edk, cmk=BOTH))[edk].key_id == former
    assert (await rig.sealing(cmk=BOTH)).key_id != former


async def test_a_retired_cmk_that_is_gone_does_not_stop_its_successor(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="sidecar"):
        await rig.sealing(cmk=BOTH)
    assert "alias/former" in caplog.text


async def test_a_name_that_cannot_be_looked_up_makes_no_edk_permanently_foreign() -> None:
    """An answer of 422 would say "never"; all that is known is "not now"."""
    provider = PartlyAway(CMK.seal, "alias/former")
    rig = Rig(provider=provider)
    edk = await rig.new_edk(cmk="alias/former")
    provider.unreachable = {"alias/former"}
    with pytest.raises(KeyUnavailable):
        await rig.opening(edk, cmk=BOTH)
    provider.unreachable = set()
    rig.clock.turn(LIMITS.cmk_recheck)
    await rig.opening(edk, cmk=BOTH)
    await rig.keyring.aclose()


async def test_the_last_known_answer_stands_for_the_name_that_is_away_and_no_other() -> None:
    provider = PartlyAway(CMK.seal, "alias/former")
    rig = Rig(provider=provider)
    old = await rig.sealing(cmk=BOTH)
    former_edk = await rig.new_edk(cmk="alias/former")
    await rig.opening(former_edk, cmk=BOTH)
    provider.create_cmk(CMK.seal)
    provider.unreachable = {"alias/former"}
    rig.clock.turn(LIMITS.cmk_age)
    await rig.sealing(cmk=BOTH)
    await rig.landed()
    assert at_once(rig.opening(former_edk, cmk=BOTH))
    with pytest.raises(KeyUnavailable):  # the CMK that the alias left is no longer the rule's
        await rig.opening(old.edk, cmk=BOTH)
    await rig.keyring.aclose()


async def test_names_outlive_an_outage(rig: Rig) -> None:
    key = await rig.sealing()
    rig.provider.failure = Failure.AWAY
    for _ in range(3):
        rig.clock.turn(LIMITS.cmk_age)
        assert at_once(rig.opening(key.edk))
        await rig.landed()


async def test_an_outage_does_not_lift_a_denial(rig: Rig) -> None:
    named = await rig.keyring._cmks.resolve(CMK)
    for failure in (Failure.DENIES, Failure.AWAY):
        rig.provider.failure = failure
        rig.clock.turn(LIMITS.cmk_age)
        rig.keyring._cmks.find(CMK)
        await rig.landed()
    assert named.denied
    with pytest.raises(KeyDenied):
        await rig.keyring._cmks.resolve(CMK)
    rig.provider.failure = None
    rig.clock.turn(LIMITS.retry_most)
    assert (await rig.keyring._cmks.resolve(CMK)).denied is None


async def test_an_arn_reaches_the_kms_as_the_rule_spells_it() -> None:
    arn = CmkRef("acs:kms:cn-hangzhou:1:key/7")
    rig = Rig(provider=OtherAccount(arn.seal))
    key = await rig.sealing(cmk=arn)
    assert await rig.opening(key.edk, cmk=arn)
    await rig.keyring.aclose()
