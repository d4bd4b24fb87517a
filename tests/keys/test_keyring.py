# SPDX-License-Identifier: Apache-2.0
import asyncio
import gc
from collections.abc import Callable
from types import ModuleType

import pytest

from sidecar import envelope, keys
from sidecar.errors import CannotOpen, KeyUnavailable
from sidecar.keys import KeyContext, KeyLimits, Keyring
from sidecar.keys.material import KeyMaterial
from sidecar.keys.providers.kms import KmsProvider
from sidecar.keys.providers.memory import Failure
from tests.fixtures.kms import RunningKms
from tests.keys.rig import ACME, CMK, GLOBEX, SUITE, Clock, Rig, at_once

CRM = KeyContext("crm", "")


def test_the_face_offers_what_it_lists() -> None:
    public = {
        name
        for name, value in vars(keys).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(keys.__all__)


async def test_closing_forgets_and_wipes_every_key_and_shuts_every_door() -> None:
    gc.collect()
    alive = KeyMaterial.alive
    rig = Rig()
    edk, lookup_edk = await rig.new_edk(), await rig.new_edk(CRM)
    sealing_edk = (await rig.sealing()).edk
    await rig.opening(edk)
    await rig.keyring.for_lookup(CMK, CRM, (lookup_edk,))
    assert KeyMaterial.alive == alive + 3
    await rig.keyring.aclose()
    gc.collect()
    assert KeyMaterial.alive == alive
    for question in (
        rig.sealing(),
        rig.opening(sealing_edk),
        rig.opening(edk),
        rig.keyring.for_lookup(CMK, CRM, (lookup_edk,)),
    ):
        with pytest.raises(KeyUnavailable, match="closed"):
            await question


async def test_closing_ends_what_is_under_way_and_those_who_wait_are_told() -> None:
    rig = Rig()
    edk, lookup_edk = await rig.new_edk(), await rig.new_edk(CRM)
    rig.provider.failure = Failure.HANGS
    waiting = [
        asyncio.create_task(rig.sealing()),
        asyncio.create_task(rig.opening(edk)),
        asyncio.create_task(rig.keyring.for_lookup(CMK, CRM, (lookup_edk,))),
    ]
    await rig.provider.asked("Decrypt", 2)
    await rig.provider.asked("DescribeKey")
    await rig.keyring.aclose()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [KeyUnavailable] * 3
    await rig.keyring.aclose()


async def test_a_background_failure_complains_to_nobody(
    rig: Rig, recwarn: pytest.WarningsRecorder
) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    await rig.sealing()
    rig.provider.failure = Failure.AWAY
    rig.clock.turn(rig.limits.max_age * 0.9)
    at_once(rig.sealing())
    await rig.landed()
    gc.collect()
    assert complaints == []
    assert not recwarn.list


async def test_after_proof_and_warm_up_the_first_message_waits_for_nothing(rig: Rig) -> None:
    """What a host does at start; then the KMS may go away before the first request."""
    lookup_edk = await rig.new_edk(CRM)
    await rig.keyring.prove(CMK)
    await rig.sealing(CRM)
    await rig.keyring.for_lookup(CMK, CRM, (lookup_edk,))
    rig.provider.failure = Failure.AWAY
    assert at_once(rig.sealing(CRM))
    assert at_once(rig.keyring.for_lookup(CMK, CRM, (lookup_edk,)))


async def test_every_question_to_the_kms_is_counted_by_outcome(rig: Rig) -> None:
    await rig.keyring.prove(CMK)
    edk = await rig.new_edk(CRM)
    with pytest.raises(CannotOpen):
        await rig.opening(edk)
    assert rig.stats.kms_calls == {
        ("DescribeKey", "ok"): 1,
        ("GenerateDataKey", "ok"): 1,
        ("Decrypt", "ok"): 1,
        ("Decrypt", "cannot_open"): 1,
    }


async def test_on_the_real_core_values_outlive_an_outage_and_a_restart(
    make_kms: Callable[[], RunningKms],
) -> None:
    """Laws 2 and 7 end to end: another process opens what was sealed, and nobody else's."""
    core = make_kms()
    core.start()
    key_id = core.make_key(CMK.seal)
    clock = Clock()

    def process() -> Keyring:
        provider = KmsProvider(core.endpoint, core.region, core.access_key)
        return Keyring(provider, clock=clock)

    writer = process()
    assert (await writer.prove(CMK)).key_id == key_id
    key = await writer.for_sealing(CMK, ACME, SUITE)
    core.kill()
    clock.turn(KeyLimits().max_age)
    assert await writer.for_sealing(CMK, ACME, SUITE) is key
    sealed = envelope.parse_text(key.seal(b"place", b"value"))
    core.start()
    reader = process()
    opened = (await reader.for_opening(CMK, ACME, [key.edk]))[key.edk]
    assert opened.open(sealed, b"place") == b"value"
    with pytest.raises(CannotOpen):
        await reader.for_opening(CMK, GLOBEX, [key.edk])
    clock.turn(KeyLimits().retry_most)
    await writer.for_sealing(CMK, ACME, SUITE)
    for ring in (writer, reader):
        await ring.aclose()
