# SPDX-License-Identifier: Apache-2.0
"""Sealed anew under new keys; and which keys can go, told by the KMS and not by envelopes."""

from dataclasses import replace

from sidecar.fieldpath import FieldPath
from sidecar.keys.providers.memory import Failure
from sidecar.migration import Assessor, Census, Usage, pages
from sidecar.rules import Field, Mask, Phase, Place, RuleSet
from tests.migration.rig import Rig
from tests.rules.samples import field


async def used(rig: Rig, *more: object, read: bool = True, tenant: str = "") -> Usage:
    collection = rig.collection()
    census = Census()
    census.begin(rig.rule, tenant)
    async with collection.store:
        async for page in pages(collection):
            for record in page.records if read else ():
                values = collection.records.look(record)
                census.count(rig.rule, collection.tenant_of(record), record, values)
    rules = RuleSet((rig.rule, *more))  # type: ignore[arg-type]
    return await Assessor(rules, rig.keyring, rig.provider).assess(census)


async def test_everything_is_sealed_anew_under_the_cmk_of_now(rig: Rig) -> None:
    await rig.run()
    before = dict(rig.shop.records)
    await rig.move_alias()
    report = await rig.run(name="rewrap")
    assert report.passed
    assert report.tally.outcomes == {"written": 18, "left": 5}
    sealed = [each for each in before if b"enc:1:" in before[each]]
    assert all(rig.shop.records[each] != before[each] for each in sealed)
    rig.forget_old_cmk()
    opened = await rig.collection().records.open(rig.shop.records["C-001"], "")
    assert opened == b'{"id":"C-001","city":"London","ssn":"CANARY-1"}'


async def test_masks_do_not_take_the_place_of_values(rig: Rig) -> None:
    await rig.run()
    await rig.move_alias()
    masked = (field("ssn", mask=Mask()),)
    rig.rule = replace(rig.rule, fields=masked, phase=Phase.ENFORCE)
    report = await rig.run(name="rewrap")
    assert report.passed
    assert report.tally.outcomes == {"written": 18, "left": 5}
    opened = await rig.collection().records.open(rig.shop.records["C-001"], "")
    assert opened == b'{"id":"C-001","city":"London","ssn":"CANARY-1"}'


async def test_a_new_version_of_the_same_cmk_is_a_reason(rig: Rig) -> None:
    await rig.run()
    old = await rig.rotate()
    (use,) = (await used(rig)).cmks.values()
    assert {each: version.is_current for each, version in use.versions.items()}[old] is False
    assert use.versions[old].values == {"customers.ssn": 18}
    report = await rig.run(name="rewrap")
    assert report.passed
    assert report.tally.outcomes == {"written": 18, "left": 5}
    (use,) = (await used(rig)).cmks.values()
    assert old not in use.versions
    assert [version.values.total() for version in use.versions.values()] == [18]


async def test_what_is_under_the_keys_of_now_is_left(rig: Rig) -> None:
    await rig.run()
    rig.restart()  # another data key, under the same version of the same CMK
    report = await rig.run(name="rewrap")
    assert report.passed
    assert report.tally.outcomes == {"left": 23}


async def test_a_new_suite_is_a_reason(rig: Rig) -> None:
    await rig.run()
    rig.rule = rig.make_rule(suite="sm4-gcm-sm3")
    report = await rig.run(name="rewrap")
    assert report.passed
    assert report.tally.outcomes["written"] == 18


async def test_values_that_are_searched_for_move_to_the_new_lookup_key(rig: Rig) -> None:
    old = await rig.with_lookup_key()
    for record_id in rig.shop.records:
        rig.shop.change(record_id, email=f"{record_id}@example.org")
    await rig.run()
    found = rig.shop.record("C-001")["email"]
    await rig.with_lookup_key(old)
    report = await rig.run(name="rewrap")
    assert report.passed
    assert report.tally.outcomes == {"written": 23}
    assert rig.shop.record("C-001")["email"] != found
    again = await rig.collection().records.seal(b'{"id":"x","email":"c-001@example.org"}', "")
    assert rig.shop.record("C-001")["email"].encode() in again


async def test_an_envelope_that_does_not_open_is_told_and_left(rig: Rig) -> None:
    await rig.run()
    stolen = rig.shop.record("C-001")["ssn"]
    rig.shop.change("C-002", ssn=stolen)
    await rig.move_alias()
    before = rig.shop.records["C-002"]
    report = await rig.run(name="rewrap")
    assert not report.passed
    assert report.tally.failed == ["C-002"]
    assert rig.shop.records["C-002"] == before
    assert report.coverage is not None
    assert (report.coverage.broken, report.coverage.named) == (1, ["C-002"])


async def test_a_key_with_live_data_cannot_go(rig: Rig) -> None:
    await rig.run()
    old = await rig.move_alias()
    usage = await used(rig)
    answer, against = usage.answer(old)
    assert answer == "no"
    assert len(against) == 1
    assert "protects 18 of customers.ssn" in against[0]
    new = next(each for each in usage.cmks if each != old)
    assert usage.answer(new) == ("no", ["rule 'customers' seals under it"])
    assert [version.is_current for version in usage.cmks[new].versions.values()] == [True]


async def test_a_key_without_any_can(rig: Rig) -> None:
    await rig.run()
    old = await rig.move_alias()
    await rig.run(name="rewrap")
    assert (await used(rig)).answer(old) == ("yes", [])


async def test_a_lookup_key_in_a_rule_keeps_its_cmk(rig: Rig) -> None:
    await rig.with_lookup_key()
    old = await rig.move_alias()
    answer, against = (await used(rig)).answer(old)
    assert answer == "no"
    assert "a lookup key of rule 'customers'" in against[0]


async def test_what_was_not_read_leaves_the_answer_open(rig: Rig) -> None:
    old = await rig.move_alias()
    other = rig.make_rule(name="invoices", routes=rig.routes("/invoices"), cmk=rig.rule.cmk)
    answer, against = (await used(rig, other)).answer(old)
    assert answer == "unknown"
    assert against == ["rule 'invoices' names it, and none of its records was read"]


async def test_one_tenant_s_records_tell_nothing_of_the_others(rig: Rig) -> None:
    """A yes would let the key of everybody else's data go."""
    old = await rig.move_alias()
    answer, against = (await used(rig, tenant="acme")).answer(old)
    assert answer == "unknown"
    assert against == ["of rule 'customers' only the tenants acme were read"]


async def test_what_stands_where_no_field_is_named_leaves_it_open(rig: Rig) -> None:
    """A field that was taken out of the rule, say, and is to be put in again."""
    await rig.run()
    rig.shop.change("C-003", former=rig.shop.record("C-001")["ssn"])
    old = await rig.move_alias()
    await rig.run(name="rewrap")
    answer, against = (await used(rig)).answer(old)
    assert answer == "unknown"
    assert against == ["1 sealed values stand where rule 'customers' names no field"]


async def test_what_no_record_holds_leaves_it_open_too(rig: Rig) -> None:
    """A sealed cookie may be kept by a store, and no listing shows it."""
    old = await rig.move_alias()
    outside = (Field("session", FieldPath.parse("session"), place=Place.COOKIE),)
    rig.rule = rig.make_rule(cmk=rig.rule.cmk, outside=outside)
    answer, against = (await used(rig)).answer(old)
    assert answer == "unknown"
    assert against == ["rule 'customers' seals values outside of records as well"]


async def test_an_edk_that_nobody_can_open_leaves_it_open(rig: Rig) -> None:
    await rig.run()
    old = await rig.move_alias()
    rig.provider.set_state(old, "Disabled")
    usage = await used(rig)
    assert usage.unknown == {"customers.ssn": 18}
    assert usage.answer(old)[0] == "unknown"


async def test_without_the_kms_nothing_is_promised(rig: Rig) -> None:
    old = await rig.move_alias()
    await used(rig)
    rig.provider.failure = Failure.AWAY
    usage = await used(rig)
    assert all(usage.answer(key)[0] == "unknown" for key in usage.cmks if key == old)
    assert usage.troubles


async def test_a_forged_name_of_a_version_proves_nothing(rig: Rig) -> None:
    """Whoever writes to the store cannot let a live key look unused."""
    await rig.run()
    old = await rig.move_alias()
    rig.shop.change("C-001", ssn="enc:1:" + "A" * 64)
    usage = await used(rig)
    assert usage.unknown == {"customers.ssn": 1}
    assert usage.answer(old)[0] == "no"
