# SPDX-License-Identifier: Apache-2.0
"""One record written again: nothing that somebody else writes meanwhile is lost."""

import msgspec
import pytest

from sidecar.errors import KeyUnavailable, Misconfigured
from sidecar.keys.providers.memory import Failure
from sidecar.migration.outcome import Outcome, Result
from sidecar.migration.renewal import Renewal
from tests.migration.rig import SIMPLE, Rig

COMMAND = """\
version: 1
rule: customers
list: {request: "GET /customers?page={page}", page: {by: number}}
write:
  request: POST /command
  body: '{"id": "{id}", "ssn": "{ssn}", "was": "{stored ssn}"}'
  changed: count
"""
STORE_GUARDS = SIMPLE.replace('read: {request: "GET /customers/{id}"}\n', "").replace(
    'customers/{id}"}', 'customers/{id}", guard: store}'
)
UNGUARDED = Result(Outcome.WRITTEN, is_unguarded=True)


async def renewed(rig: Rig, text: str = SIMPLE, record_id: str = "C-001") -> Result:
    collection = rig.collection(text)
    async with collection.store:
        renewal = Renewal(collection, rig.purpose())
        return await renewal.renew(rig.shop.records[record_id])


def writes_once(rig: Rig, **members: object) -> None:
    """Let somebody change the record that is about to be written, once."""

    def change(record_id: str) -> None:
        rig.shop.before_write = lambda _: None
        rig.shop.records[record_id] = msgspec.json.encode(rig.shop.record(record_id) | members)

    rig.shop.before_write = change


async def test_an_etag_keeps_what_came_between(rig: Rig) -> None:
    writes_once(rig, city="Paris")
    assert await renewed(rig) == Result(Outcome.WRITTEN)
    record = rig.shop.record("C-001")
    assert record["city"] == "Paris"
    assert record["ssn"].startswith("enc:1:")


async def test_without_one_the_record_is_compared_just_before(rig: Rig) -> None:
    rig.shop.tags = False
    rig.shop.before_second_read = lambda: rig.shop.change("C-001", city="Paris")
    assert await renewed(rig) == UNGUARDED
    assert rig.shop.record("C-001")["city"] == "Paris"


async def test_a_store_that_sends_etags_and_does_not_go_by_them_is_found_out(rig: Rig) -> None:
    """Nothing tells it but a write that has to be refused; believed, it would lose updates."""
    rig.shop.is_heedless = True
    rig.shop.before_second_read = lambda: rig.shop.change("C-001", city="Paris")
    assert await renewed(rig) == UNGUARDED
    assert rig.shop.record("C-001")["city"] == "Paris"
    report = await rig.run()
    assert report.passed
    assert report.tally.unguarded == 17
    assert "17 were written behind a last look alone" in "\n".join(report.lines())


async def test_a_store_that_goes_by_etags_is_asked_once(rig: Rig) -> None:
    report = await rig.run()
    assert report.tally.unguarded == 0
    assert rig.shop.asked["PUT"] == 1 + 18


async def test_a_store_that_cannot_take_such_an_etag_is_not_believed(rig: Rig) -> None:
    collection = rig.collection()
    async with collection.store:
        renewal = Renewal(collection, rig.purpose())
        rig.shop.refused = 400
        assert (await renewal.renew(rig.shop.records["C-001"])).outcome is Outcome.FAILED
        rig.shop.refused = None
        assert await renewal.renew(rig.shop.records["C-002"]) == UNGUARDED


async def test_a_weak_etag_is_none(rig: Rig) -> None:
    rig.shop.weak = True
    assert await renewed(rig) == UNGUARDED
    assert rig.shop.asked["GET"] == 2


async def test_what_somebody_has_sealed_meanwhile_is_left(rig: Rig) -> None:
    sealed = await rig.collection().records.seal(rig.shop.records["C-001"], "")
    listed = rig.shop.records["C-001"]
    rig.shop.records["C-001"] = sealed
    collection = rig.collection()
    async with collection.store:
        assert await Renewal(collection, rig.purpose()).renew(listed) == Result(Outcome.LEFT)
    assert rig.shop.records["C-001"] == sealed


async def test_a_record_that_is_gone_is_not_made_again(rig: Rig) -> None:
    listed = rig.shop.records.pop("C-001")
    collection = rig.collection()
    async with collection.store:
        assert await Renewal(collection, rig.purpose()).renew(listed) == Result(Outcome.GONE)
    assert "C-001" not in rig.shop.records


@pytest.mark.parametrize("way", ["read", "write"])
async def test_a_path_with_nothing_in_it_is_never_asked_for(rig: Rig, way: str) -> None:
    """`/customers/` is another resource: the whole collection, perhaps."""
    method = {"read": "GET", "write": "PUT"}[way]
    text = SIMPLE.replace(f"{method} /customers/{{id}}", f"{method} /customers/{{idd}}")
    for listed in (b'{"id":"C-001","ssn":"s"}', b'{"id":"C-001","ssn":"s","idd":""}'):
        rig.shop.records["C-001"] = listed
        assert await renewed(rig, text) == Result(
            Outcome.FAILED, "malformed: the record has nothing for {idd} in a path"
        )
    assert rig.shop.asked["PUT"] == 0


async def test_a_statement_that_compares_is_believed(rig: Rig) -> None:
    assert await renewed(rig, COMMAND) == Result(Outcome.WRITTEN)
    assert rig.shop.record("C-001")["ssn"].startswith("enc:1:")
    assert rig.shop.asked["GET"] == 0
    writes_once(rig, ssn="CANARY-new")
    assert await renewed(rig, COMMAND, "C-002") == Result(Outcome.CHANGED)
    assert rig.shop.record("C-002")["ssn"] == "CANARY-new"


async def test_a_statement_that_does_not_compare_is_found_out(rig: Rig) -> None:
    """It takes what it is to compare with, and writes whatever stands there."""
    rig.shop.compares = False
    with pytest.raises(Misconfigured, match="`write` does not compare"):
        await rig.run(COMMAND)
    assert rig.shop.asked["POST"] == 1


async def test_a_statement_that_compares_is_tried_once(rig: Rig) -> None:
    assert (await rig.run(COMMAND)).passed
    assert rig.shop.asked["POST"] == 1 + 18


async def test_where_it_was_changed_it_is_read_and_tried_again(rig: Rig) -> None:
    writes_once(rig, ssn="CANARY-new")
    text = COMMAND + 'read: {request: "GET /customers/{id}"}\n'
    assert await renewed(rig, text) == Result(Outcome.WRITTEN)
    assert rig.shop.asked["GET"] == 1
    opened = await rig.collection(text).records.open(rig.shop.records["C-001"], "")
    assert b"CANARY-new" in opened


async def test_a_store_that_refuses_stale_writes_is_believed(rig: Rig) -> None:
    assert await renewed(rig, STORE_GUARDS) == Result(Outcome.WRITTEN)
    rig.shop.troubles = [409]
    assert await renewed(rig, STORE_GUARDS, "C-002") == Result(Outcome.CHANGED)


async def test_a_write_without_an_answer_is_looked_at_first(rig: Rig) -> None:
    """It may have been done, and changed again by others since."""

    def done_and_lost(record_id: str) -> None:
        rig.shop.before_write = lambda _: None
        rig.shop.change(record_id, ssn=None, city="Paris")
        rig.shop.drop = True

    rig.shop.before_write = done_and_lost
    assert await renewed(rig) == Result(Outcome.LEFT)
    assert rig.shop.record("C-001") == {"id": "C-001", "city": "Paris", "ssn": None}


async def test_a_store_that_refuses_a_record_fails_that_record(rig: Rig) -> None:
    rig.shop.refused = 422
    assert await renewed(rig) == Result(Outcome.FAILED, "store_422: the store refuses this record")


async def test_a_store_that_denies_writes_ends_the_sweep(rig: Rig) -> None:
    rig.shop.refused = 403
    with pytest.raises(Misconfigured, match="denies access"):
        await renewed(rig)


async def test_a_write_beside_the_rule_is_never_sent(rig: Rig) -> None:
    text = SIMPLE.replace('"PUT /customers/{id}"', '"PUT /clients/{id}"')
    with pytest.raises(Misconfigured, match="would not be sealed"):
        await renewed(rig, text)
    assert not rig.shop.asked


async def test_a_record_that_cannot_be_opened_is_not_touched(rig: Rig) -> None:
    other = await rig.collection().records.seal(rig.shop.records["C-002"], "")
    moved = msgspec.json.decode(other) | {"id": "C-001"}
    rig.rule = rig.make_rule(fields=(*rig.rule.fields, *rig.more_fields("city")))
    rig.shop.records["C-001"] = msgspec.json.encode(moved)
    result = await renewed(rig)
    assert result.outcome is Outcome.FAILED
    assert result.why.startswith("cannot_open:")
    assert rig.shop.asked["PUT"] == 0


async def test_a_kms_that_is_away_ends_the_sweep(rig: Rig) -> None:
    rig.provider.failure = Failure.AWAY
    with pytest.raises(KeyUnavailable):
        await renewed(rig)
    assert rig.shop.asked["PUT"] == 0


async def test_a_store_that_does_not_count_is_not_believed(rig: Rig) -> None:
    result = await renewed(rig, COMMAND.replace("changed: count", "changed: rows"))
    assert result.outcome is Outcome.FAILED
    assert result.why.startswith("uncounted:")


async def test_without_a_way_to_write_there_is_no_renewal(rig: Rig) -> None:
    with pytest.raises(Misconfigured, match="`write` is missing"):
        Renewal(rig.collection(SIMPLE.partition("read:")[0]), rig.purpose())


async def test_the_tenant_goes_along(rig: Rig) -> None:
    rig.rule = rig.make_rule(tenant_header="x-tenant-id")
    rig.shop.change("C-001", org="acme")
    text = SIMPLE + "tenant: {member: org}\n"
    assert await renewed(rig, text) == Result(Outcome.WRITTEN)
    opened = await rig.collection(text).records.open(rig.shop.records["C-001"], "acme")
    assert b"CANARY-1" in opened
    result = await renewed(rig, text, "C-002")
    assert result == Result(Outcome.FAILED, "malformed: it does not tell its tenant at 'org'")
