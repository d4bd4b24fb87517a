# SPDX-License-Identifier: Apache-2.0
import pytest

from sidecar.errors import KeyUnavailable, Misconfigured
from sidecar.keys import CmkRef
from sidecar.keys.providers.memory import Failure, MemoryProvider
from tests.keys.rig import CMK, Rig
from tests.keys.strange import OtherCmk, OtherKeys, StrangeBlobs


async def test_it_names_the_cmks_that_were_proved(rig: Rig) -> None:
    former = rig.provider.create_cmk("alias/former")
    proof = await rig.keyring.prove(CmkRef(CMK.seal, ("alias/former",)))
    assert proof.opening_ids == {proof.key_id, former}
    assert (await rig.sealing()).key_version_id == proof.key_version_id


async def test_a_former_cmk_need_not_be_enabled_to_be_reached(rig: Rig) -> None:
    rig.provider.set_state(rig.provider.create_cmk("alias/former"), "Disabled")
    await rig.keyring.prove(CmkRef(CMK.seal, ("alias/former",)))


async def test_a_cmk_that_cannot_seal_is_said_by_name_and_state(rig: Rig) -> None:
    key_id = (await rig.keyring.prove(CMK)).key_id
    rig.provider.set_state(key_id, "PendingDeletion")
    with pytest.raises(Misconfigured, match=r"alias/customers is PendingDeletion"):
        await rig.keyring.prove(CMK)


@pytest.mark.parametrize("cmk", [CmkRef("alias/no"), CmkRef(CMK.seal, ("alias/no",))])
async def test_an_unknown_name_is_said(rig: Rig, cmk: CmkRef) -> None:
    with pytest.raises(Misconfigured, match=r"alias/no .*Forbidden.KeyNotFound"):
        await rig.keyring.prove(cmk)


async def test_an_absent_kms_is_not_a_mistake_of_anybody(rig: Rig) -> None:
    rig.provider.failure = Failure.AWAY
    with pytest.raises(KeyUnavailable):
        await rig.keyring.prove(CMK)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (OtherKeys, "does not seal and open"),
        (OtherCmk, "another CMK"),
        (StrangeBlobs, "unknown shape"),
    ],
)
async def test_a_kms_that_does_not_give_back_what_it_made_is_found_at_start(
    kind: type[MemoryProvider], why: str
) -> None:
    rig = Rig(provider=kind(CMK.seal))
    with pytest.raises(Misconfigured, match=why):
        await rig.keyring.prove(CMK)
    await rig.keyring.aclose()
