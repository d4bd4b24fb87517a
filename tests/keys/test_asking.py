# SPDX-License-Identifier: Apache-2.0
import gc
import logging

import pytest

from sidecar.errors import CannotOpen
from sidecar.keys import KeyDenied, KeyLimits
from sidecar.keys.material import KeyMaterial
from sidecar.keys.providers.memory import Failure
from tests.keys.rig import ACME, CMK, GLOBEX, Rig

LIMITS = KeyLimits()


async def test_an_edk_under_a_cmk_that_the_rule_does_not_name_is_refused_and_audited(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """The attack (law 2): the KMS opens it, because the sidecar may use that CMK elsewhere."""
    foreign = rig.provider.create_cmk("alias/other")
    edk = await rig.new_edk(cmk="alias/other")
    gc.collect()
    alive = KeyMaterial.alive
    with caplog.at_level(logging.WARNING, logger="sidecar"), pytest.raises(CannotOpen):
        await rig.opening(edk)
    assert rig.stats.refused_by_cmk == 1
    assert foreign in caplog.text
    assert "acme" not in caplog.text
    gc.collect()
    assert KeyMaterial.alive == alive


async def test_the_refusal_says_no_more_than_any_other(rig: Rig) -> None:
    rig.provider.create_cmk("alias/other")
    whys = set()
    for edk in (
        await rig.new_edk(cmk="alias/other"),
        await rig.new_edk(GLOBEX),
        bytes(108),
        b"\x20" * 200,
    ):
        with pytest.raises(CannotOpen) as refused:
            await rig.opening(edk)
        whys.add(refused.value.why)
    assert len(whys) == 1


async def test_an_edk_of_another_tenant_or_store_does_not_open(rig: Rig) -> None:
    edk = await rig.new_edk(GLOBEX)
    for context in (ACME, GLOBEX._replace(store="billing"), GLOBEX._replace(tenant="")):
        with pytest.raises(CannotOpen):
            await rig.opening(edk, context=context)
    assert await rig.opening(edk, context=GLOBEX)


async def test_a_refusal_is_remembered_for_a_short_while(rig: Rig) -> None:
    edk = await rig.new_edk(GLOBEX)
    for _ in range(5):
        with pytest.raises(CannotOpen):
            await rig.opening(edk)
    assert rig.provider.calls["Decrypt"] == 1
    assert rig.stats.negative_hits == 4
    rig.clock.turn(LIMITS.negative_age)
    with pytest.raises(CannotOpen):
        await rig.opening(edk)
    assert rig.provider.calls["Decrypt"] == 2


async def test_a_refusal_stands_for_one_rule_and_context_alone(rig: Rig) -> None:
    rig.provider.create_cmk("alias/other")
    edk = await rig.new_edk(cmk="alias/other")
    with pytest.raises(CannotOpen):
        await rig.opening(edk)
    assert await rig.opening(edk, cmk=CMK._replace(open=("alias/other",)))


async def test_a_denial_is_remembered_but_an_absence_is_not(rig: Rig) -> None:
    edk = await rig.new_edk()
    rig.provider.failure = Failure.AWAY
    with pytest.raises(Exception, match="switched off"):
        await rig.opening(edk)
    rig.provider.failure = Failure.DENIES
    for _ in range(5):
        with pytest.raises(KeyDenied):
            await rig.opening(edk)
    assert rig.provider.calls["Decrypt"] == 2
    rig.provider.failure = None
    rig.clock.turn(LIMITS.negative_age)
    assert await rig.opening(edk)


async def test_what_cannot_be_an_edk_costs_no_question(rig: Rig) -> None:
    for edk in (b"", b"x", bytes(108), b"\xff" * 200, b"a" * 5000):
        with pytest.raises(CannotOpen):
            await rig.opening(edk)
    assert not rig.provider.calls
    assert rig.stats.implausible == 5
