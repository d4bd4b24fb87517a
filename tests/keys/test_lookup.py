# SPDX-License-Identifier: Apache-2.0
import asyncio

import pytest

from sidecar import envelope
from sidecar.errors import CannotOpen, KeyUnavailable
from sidecar.keys import DataKey, KeyContext, LookupKey
from sidecar.keys.providers.memory import Failure
from tests.keys.rig import CMK, Rig, at_once

CRM = KeyContext("crm", "")


async def lookup(rig: Rig, *edks: bytes) -> tuple[LookupKey, ...]:
    return await rig.keyring.for_lookup(CMK, CRM, edks)


async def test_lookup_keys_come_in_the_order_of_the_rule_and_stay(rig: Rig) -> None:
    current, former = await rig.new_edk(CRM), await rig.new_edk(CRM)
    keys = await lookup(rig, current, former)
    assert [key.id for key in keys] == [envelope.lookup_key_id(edk) for edk in (current, former)]
    rig.provider.failure = Failure.AWAY
    rig.clock.turn(10 * 365 * 86_400)
    assert at_once(lookup(rig, current, former)) == keys
    assert at_once(lookup(rig, former, current)) == keys[::-1]


async def test_replicas_make_equal_envelopes_of_equal_values(rig: Rig) -> None:
    edk = await rig.new_edk(CRM)
    replica = Rig(provider=rig.provider)
    ours, theirs = (await lookup(rig, edk))[0], (await lookup(replica, edk))[0]
    sealed = ours.seal(b"place", b"value")
    assert sealed == theirs.seal(b"place", b"value")
    assert theirs.open(envelope.parse_text(sealed), b"place") == b"value"
    await replica.keyring.aclose()


async def test_many_first_users_ask_once(rig: Rig) -> None:
    edk = await rig.new_edk(CRM)
    found = await asyncio.gather(*(lookup(rig, edk) for _ in range(20)))
    assert len(set(found)) == 1
    assert rig.provider.calls["Decrypt"] == 1


async def test_a_lookup_key_of_another_store_or_cmk_is_refused(rig: Rig) -> None:
    rig.provider.create_cmk("alias/other")
    for edk in (
        await rig.new_edk(KeyContext("billing", "")),
        await rig.new_edk(KeyContext("crm", "acme")),
        await rig.new_edk(CRM, "alias/other"),
        b"not an EDK at all",
    ):
        good = await rig.new_edk(CRM)
        with pytest.raises(CannotOpen):
            await lookup(rig, good, edk)


async def test_without_the_kms_a_new_lookup_key_is_unavailable(rig: Rig) -> None:
    edk = await rig.new_edk(CRM)
    rig.provider.failure = Failure.AWAY
    with pytest.raises(KeyUnavailable):
        await lookup(rig, edk)
    rig.provider.failure = None
    assert await lookup(rig, edk)


async def test_the_edk_of_a_lookup_key_inside_an_envelope_gives_no_lookup_key(rig: Rig) -> None:
    """The attack: make one flight answer two kinds of question about the same EDK."""
    edk = await rig.new_edk(CRM)
    keys, opened = await asyncio.gather(lookup(rig, edk), rig.opening(edk, context=CRM))
    assert type(keys[0]) is LookupKey
    assert type(opened[edk]) is DataKey


async def test_no_lookup_keys_are_no_question(rig: Rig) -> None:
    assert at_once(lookup(rig)) == ()


async def test_what_was_just_refused_or_cannot_be_an_edk_costs_no_question(rig: Rig) -> None:
    """A rule with a wrong lookup key meets every request: it must not flood the KMS."""
    foreign = await rig.new_edk(KeyContext("billing", ""))
    for edk in (foreign, foreign, foreign, b"not an EDK at all"):
        with pytest.raises(CannotOpen):
            await lookup(rig, edk)
    assert rig.provider.calls["Decrypt"] == 1
