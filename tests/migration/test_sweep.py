# SPDX-License-Identifier: Apache-2.0
"""Sweeps of a collection: whole, twice, interrupted, on every way to list."""

import time

import pytest

from sidecar.errors import Misconfigured
from sidecar.migration.slots import Filled
from sidecar.migration.store import StoreUnavailable
from tests.migration.rig import SIMPLE, Rig

LISTINGS = {
    "number": '{request: "GET /customers?page={page}", page: {by: number}}',
    "offset": '{request: "GET /customers?offset={offset}", page: {by: offset}}',
    "last": '{request: "GET /customers?after={last}", page: {by: last, member: id}}',
    "cursor": (
        '{request: "GET /customers?cursor={cursor}", page: {by: cursor, at: next}, '
        'records: "$.rows[*]"}'
    ),
    "link": '{request: "GET /customers", page: {by: link}}',
    "link in the body": (
        '{request: "GET /customers?cursor=", page: {by: link, at: url}, records: "$.rows[*]"}'
    ),
}


def described(listing: str) -> str:
    head, _, rest = SIMPLE.partition("list: ")
    return f"{head}list: {listing}\n{rest.partition(chr(10))[2]}"


def stored(rig: Rig) -> bytes:
    return b"".join(rig.shop.records.values())


@pytest.mark.parametrize("way", LISTINGS)
async def test_everything_is_sealed_however_it_is_listed(rig: Rig, way: str) -> None:
    report = await rig.run(described(LISTINGS[way]))
    assert report.passed
    assert report.tally.outcomes == {"written": 18, "left": 5}
    assert report.coverage is not None
    assert report.coverage.table() == {"ssn": {"sealed": 18, "null": 5, "unsealed": 0}}
    assert b"CANARY" not in stored(rig)
    assert rig.shop.record("C-003") == {"id": "C-003", "city": "London", "ssn": None}


async def test_a_store_that_repeats_its_last_cursor_has_no_more(rig: Rig) -> None:
    rig.shop.repeats_cursor = True
    report = await rig.run(described(LISTINGS["cursor"]))
    assert report.passed
    assert report.tally.records == 23


async def test_what_was_written_is_what_the_proxy_reads(rig: Rig) -> None:
    await rig.run()
    rig.restart()
    collection = rig.collection()
    opened = await collection.records.open(rig.shop.records["C-001"], "")
    assert opened == b'{"id":"C-001","city":"London","ssn":"CANARY-1"}'


async def test_a_second_sweep_leaves_every_byte(rig: Rig) -> None:
    await rig.run()
    before, rig.shop.asked = dict(rig.shop.records), type(rig.shop.asked)()
    report = await rig.run()
    assert report.passed
    assert report.tally.outcomes == {"left": 23}
    assert rig.shop.records == before
    assert rig.shop.asked["PUT"] == 0


async def test_told_to_stop_it_goes_on_later_where_it_was(rig: Rig) -> None:
    written: list[str] = []

    def stop(record_id: str) -> None:
        written.append(record_id)
        if len(written) == 9:
            rig.stop.set()

    rig.shop.before_write = stop
    report = await rig.run(SIMPLE + "concurrency: 1\n")
    assert not report.passed
    assert report.coverage is None
    assert len(written) == 9
    rig.restart()
    report = await rig.run()
    assert report.resumed_at == 10
    assert report.tally.records == 23
    assert report.passed
    assert len(written) == len(set(written)) == 18


async def test_it_goes_on_in_the_middle_of_the_proof(rig: Rig) -> None:
    listed: list[None] = []

    def stop() -> None:
        listed.append(None)
        if len(listed) == 8:  # six pages were listed to write
            rig.stop.set()

    rig.shop.before_list = stop
    assert (await rig.run()).coverage is None
    rig.restart()
    report = await rig.run()
    assert report.passed
    assert len(listed) == 8 + 6
    assert report.tally.outcomes == {"written": 18, "left": 5}


async def test_another_listing_does_not_go_on_with_the_journal(rig: Rig) -> None:
    rig.shop.before_write = lambda _: rig.stop.set()
    await rig.run()
    rig.restart()
    with pytest.raises(Misconfigured, match="another sweep"):
        await rig.run(described(LISTINGS["offset"]))


async def test_a_store_in_trouble_is_asked_again(rig: Rig) -> None:
    rig.shop.troubles = [503, 429, 502]
    assert (await rig.run()).passed


async def test_a_store_that_stays_in_trouble_ends_the_sweep(rig: Rig) -> None:
    rig.shop.troubles = [503] * 100
    with pytest.raises(StoreUnavailable, match="503"):
        await rig.run()


async def test_nothing_listed_is_no_success(rig: Rig) -> None:
    rig.shop.records.clear()
    report = await rig.run()
    assert not report.passed
    assert any("there was no record" in line for line in report.lines())


async def test_a_place_without_records_is_no_success(rig: Rig) -> None:
    report = await rig.run(
        described(LISTINGS["number"].replace("page: {by", 'records: "$[*].rows[*]", page: {by'))
    )
    assert not report.passed


async def test_what_is_no_listing_is_said_so(rig: Rig) -> None:
    with pytest.raises(Misconfigured, match="answers 404"):
        await rig.run(described('{request: "GET /nothing"}'))
    (rig.folder / "journal").unlink()
    with pytest.raises(Misconfigured, match="no records"):
        await rig.run(
            described('{request: "GET /customers?page=1", records: "$[*].id"}'),
        )


async def test_a_listing_that_does_not_move_on_is_told(rig: Rig) -> None:
    rig.shop.stuck = True
    with pytest.raises(Misconfigured, match="the same page"):
        await rig.run(described(LISTINGS["last"]))


async def test_a_store_that_denies_access_ends_the_sweep(rig: Rig) -> None:
    rig.shop.key = "Bearer let-me-in"
    with pytest.raises(Misconfigured, match="answers 401"):
        await rig.run()
    (rig.folder / "token").touch(0o600)
    (rig.folder / "token").write_text("Bearer let-me-in\n")
    assert (await rig.run(SIMPLE + "headers: {Authorization: {file: token}}\n")).passed


async def test_requests_take_turns_at_the_rate_of_the_description(rig: Rig) -> None:
    collection = rig.collection(SIMPLE + "rate: 1\n")
    async with collection.store as store:
        now = time.monotonic()
        await store.read(Filled(b"GET", b"/customers?page=1", b""))
        assert store._pace.wait(now) >= 1


async def test_a_dry_run_sends_nothing_and_finds_what_cannot_be_sealed(rig: Rig) -> None:
    rig.shop.records["C-005"] = b'{"id":"C-005","ssn":["CANARY"]}'
    before = dict(rig.shop.records)
    report = await rig.try_out()
    assert rig.shop.records == before
    assert rig.shop.asked["PUT"] == 0
    assert not report.passed
    assert report.tally.outcomes == {"written": 17, "left": 5, "failed": 1}
    assert report.tally.failed == ["C-005"]
    assert "unexpected_shape" in next(iter(report.tally.reasons))


async def test_a_dry_run_that_can_read_nothing_is_no_success(rig: Rig) -> None:
    report = await rig.try_out(SIMPLE.replace("GET /customers/{id}", "GET /kunden/{id}"))
    assert report.tally.outcomes == {"gone": 18, "left": 5}
    assert not report.passed
    assert any("does `read` name where it stands?" in line for line in report.lines())


async def test_no_value_stands_in_journal_or_report(rig: Rig) -> None:
    rig.shop.records["C-005"] = b'{"id":"C-005","ssn":["CANARY"]}'
    rig.shop.before_write = lambda record_id: rig.stop.set() if record_id == "C-021" else None
    report = await rig.run()
    journal = (rig.folder / "journal").read_text()
    assert "written" in journal
    assert "CANARY" not in journal + str(report.facts()) + "\n".join(report.lines())
