# SPDX-License-Identifier: Apache-2.0
"""A rule asks for the keys that its message needs and for no others."""

import pytest

from sidecar.envelope import Context, frame_owner
from sidecar.keys import KeyContext
from sidecar.rules import Mode
from sidecar.transform.bound import BoundRule
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
    keys = await bound.keys_to_seal("acme", [each.treatment for each in bound.fields.values()])
    assert keys.sealing is not None
    assert await rig.keyring.for_sealing(CMK, KeyContext("crm", "acme"), 1) is keys.sealing
    others = await bound.keys_to_seal("globex", [each.treatment for each in bound.fields.values()])
    assert others.sealing is not keys.sealing
    assert others.lookup == keys.lookup
    opened = await bound.keys_to_open("acme", {keys.sealing.edk}, needs_lookup_key=False)
    assert opened.opening == {keys.sealing.edk: keys.sealing}


async def test_what_a_message_does_not_need_is_not_asked_for(rig: Rig) -> None:
    bound = BoundRule(rig.rule(*FIELDS), rig.keyring)
    keys = await bound.keys_to_seal(
        "acme", [bound.fields["email"].treatment, bound.fields["no"].treatment]
    )
    assert keys.sealing is None
    assert len(keys.lookup) == 1
    assert (await bound.keys_to_seal("acme", [bound.fields["ssn"].treatment])).lookup == ()
    keys = await bound.keys_to_open("acme", (), needs_lookup_key=True)
    assert (keys.opening, len(keys.lookup)) == ({}, 1)
    assert rig.provider.calls["Decrypt"] == 1
