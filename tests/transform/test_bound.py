# SPDX-License-Identifier: Apache-2.0
"""A rule asks for the keys that its message needs and for no others."""

import pytest

from sidecar.envelope import Context, frame_owner
from sidecar.keys import KeyContext
from sidecar.rules import Mode
from sidecar.transform.bound import BoundRule, Wanted
from sidecar.transform.values import Keys
from tests.rules.samples import field
from tests.transform.rig import CMK, Rig

FIELDS = (field("ssn"), field("email", Mode.EQUALITY), field("no", Mode.DIGITS))


@pytest.mark.parametrize("tenant", ["", "acme", "é", "x" * 300])
@pytest.mark.parametrize("record", ["", "c1", "\x00\x02c1"])
async def test_the_context_is_made_of_names_of_the_rule(rig: Rig, tenant: str, record: str) -> None:
    bound = BoundRule(rig.rule(*FIELDS, collection="people"), rig.keyring)
    for name in ("ssn", "email", "no"):
        expected = Context("crm", "people", name, tenant, record).encode()
        assert bound.fields[name].place + frame_owner(tenant, record) == expected


async def test_a_data_key_belongs_to_the_tenant_and_a_lookup_key_to_all(rig: Rig) -> None:
    bound = BoundRule(rig.rule(*FIELDS), rig.keyring)
    wanted = Wanted("acme", seals=True, lookup=True)
    assert bound.at_hand(wanted) is None
    keys = await bound.keys(wanted)
    assert keys.sealing is not None
    assert bound.at_hand(wanted) == keys
    assert await rig.keyring.for_sealing(CMK, KeyContext("crm", "acme"), 1) is keys.sealing
    others = await bound.keys(Wanted("globex", seals=True, lookup=True))
    assert others.sealing is not keys.sealing
    assert others.lookup == keys.lookup
    opened = await bound.keys(Wanted("acme", edks={keys.sealing.edk}))
    assert opened.opening == {keys.sealing.edk: keys.sealing}
    assert bound.at_hand(Wanted("acme", edks={keys.sealing.edk, b"another"})) is None


async def test_what_a_message_does_not_need_is_not_asked_for(rig: Rig) -> None:
    bound = BoundRule(rig.rule(*FIELDS), rig.keyring)
    keys = await bound.keys(Wanted("acme", lookup=True))
    assert (keys.sealing, keys.opening, len(keys.lookup)) == (None, {}, 1)
    assert bound.at_hand(Wanted("acme", lookup=True)) == keys
    assert bound.at_hand(Wanted("acme")) == Keys()
    assert rig.provider.calls["Decrypt"] == 1
    assert (await bound.keys(Wanted("acme", seals=True))).lookup == ()


async def test_a_key_that_was_at_hand_is_counted_once_though_others_are_waited_for(
    rig: Rig,
) -> None:
    bound, stats = BoundRule(rig.rule(*FIELDS), rig.keyring), rig.keyring.stats
    own = await rig.keyring.for_sealing(CMK, KeyContext("crm", "acme"), 1)
    both = Wanted("acme", seals=True, lookup=True)
    assert bound.at_hand(both) is None  # for the lookup key was never used
    await bound.keys(both)
    assert stats.sealing_hits == 1
    other = await rig.provider.generate_data_key(CMK.seal, KeyContext("crm", "acme"))
    two = Wanted("acme", edks={own.edk, other.edk})
    assert bound.at_hand(two) is None
    await bound.keys(two)
    assert (stats.opening_hits, stats.opening_misses) == (1, 1)
    assert bound.at_hand(two) is not None
    assert (stats.opening_hits, stats.opening_misses) == (3, 1)
