# SPDX-License-Identifier: Apache-2.0
"""With the public key alone, whatever was done to a trail or its export is found, and where."""

import base64
import gc
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from sidecar.errors import Misconfigured
from sidecar.kms.audit import ChainBroken, Head, Verified, append, tail, verify
from sidecar.kms.audit.chain import GENESIS, START, Link, chained, read
from sidecar.kms.audit.exporting.lines import line, read_files
from sidecar.kms.audit.verification import Claim, digest_before, verify_export
from sidecar.kms.store import AuditHead, AuditRecord, Database
from tests.kms.audit.signing import Signer

# Record 4 is the first checkpoint (it speaks for 1 to 3), 7 the second, and 8 has none yet.
LAST = 8


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def claims(database: Database, signer: Signer) -> list[Claim]:
    """A trail of calls and two checkpoints."""
    with database.transaction() as connection:
        append(connection, *(f'{{"eventName":"Decrypt","n":{n}}}' for n in (1, 2, 3)))
        signer.sign(connection)
        append(connection, *(f'{{"eventName":"Decrypt","n":{n}}}' for n in (5, 6)))
        signer.sign(connection)
        append(connection, '{"eventName":"Decrypt","n":8}')
    return read_claims(database)


def read_claims(database: Database) -> list[Claim]:
    with database.snapshot() as connection:
        links = list(read(connection))
        previous = digest_before(connection, links[0])
    found = []
    for link in links:
        found.append(Claim(link, previous))
        previous = link.digest
    return found


def rewritten(claims: list[Claim], first: int, record: str) -> list[Claim]:
    """The trail with another text at `first`, and everything after it computed anew."""
    records = [claim.link.record for claim in claims]
    records[first - 1] = record
    return computed(records)


def computed(records: list[str]) -> list[Claim]:
    found, digest = [], GENESIS
    for sequence, record in enumerate(records, 1):
        previous, digest = digest, chained(digest, record)
        found.append(Claim(Link(sequence, record, digest), previous))
    return found


def test_what_was_written_verifies_and_tells_how_far_it_is_signed(
    claims: list[Claim], signer: Signer, database: Database
) -> None:
    found = verify_export(claims, signer.keys)
    assert (found.first, found.sequence, found.signed_to) == (1, LAST, 6)
    assert found.signed_at == "2027-01-15T08:00:00Z"
    with database.snapshot() as connection:
        assert verify(connection, keys=signer.keys) == found


def altered(claim: Claim) -> Claim:
    return claim._replace(link=claim.link._replace(record=claim.link.record.replace("D", "E")))


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda c: [altered(c[0]), *c[1:]], 1),
        (lambda c: [*c[:4], altered(c[4]), *c[5:]], 5),
        (lambda c: [*c[:7], altered(c[7])], 8),
        (lambda c: [*c[:2], *c[3:]], 3),
        (lambda c: [*c[:1], *c[4:]], 2),
        (lambda c: c[1:], 1),
        (lambda c: [*c[:4], c[5], c[4], *c[6:]], 5),
        (lambda c: [*c[:3], *c[4:]], 4),
        (lambda c: [*c, Claim(c[7].link._replace(record="{}"), c[7].previous)], 8),
        (lambda c: [*c, Claim(Link(6, "{}", chained(GENESIS, "{}")), GENESIS)], 6),
        (lambda c: [*c[:5], c[5]._replace(previous=GENESIS), *c[6:]], 6),
        (lambda c: [*c[:5], forged(c[5]), *c[6:]], 6),
    ],
    ids=[
        *("first altered", "one altered", "last altered", "one gone", "several gone"),
        *("beginning gone", "two swapped", "checkpoint gone", "one twice with another text"),
        *("an old number again", "another past", "another past, hashed anew"),
    ],
)
def test_tampering_with_an_export_is_found_and_located(
    spoil: Callable[[list[Claim]], list[Claim]], place: int, claims: list[Claim], signer: Signer
) -> None:
    with pytest.raises(ChainBroken) as caught:
        verify_export(spoil(claims), signer.keys)
    assert caught.value.sequence == place


def forged(claim: Claim) -> Claim:
    digest = chained(GENESIS, claim.link.record)
    return Claim(claim.link._replace(digest=digest), GENESIS)


@pytest.mark.parametrize(("altered_record", "place"), [(2, 1), (3, 1), (5, 4), (6, 4)])
def test_a_history_that_was_computed_anew_is_found_by_the_signature_after_it(
    altered_record: int, place: int, claims: list[Claim], signer: Signer
) -> None:
    """Found by the checkpoint; located between it and the one before."""
    spoilt = rewritten(claims, altered_record, '{"eventName":"Nothing"}')
    with pytest.raises(ChainBroken) as caught:
        verify_export(spoilt, signer.keys)
    assert caught.value.sequence == place


def test_a_history_that_was_computed_anew_without_checkpoints_is_found(
    claims: list[Claim], signer: Signer
) -> None:
    records = [claim.link.record for claim in claims if "Checkpoint" not in claim.link.record]
    with pytest.raises(ChainBroken, match="no checkpoint"):
        verify_export(computed(records), signer.keys)


def test_a_checkpoint_of_another_key_is_not_believed(claims: list[Claim], signer: Signer) -> None:
    thief = Signer()
    forged = thief.record(claims[2].link.head)
    with pytest.raises(ChainBroken, match="not given") as caught:
        verify_export(rewritten(claims, 4, forged), signer.keys)
    assert caught.value.sequence == 4
    claimed = json.loads(forged)
    claimed["additionalEventData"]["keyId"] = signer.key_id
    text = json.dumps(claimed, sort_keys=True, separators=(",", ":"))
    with pytest.raises(ChainBroken, match="does not verify") as caught:
        verify_export(rewritten(claims, 4, text), signer.keys)
    assert caught.value.sequence == 4


@pytest.mark.parametrize("name", ["sequence", "digest", "floor", "signature"])
def test_nothing_in_a_checkpoint_can_be_changed(
    claims: list[Claim], signer: Signer, name: str
) -> None:
    told = json.loads(claims[3].link.record)
    data = told["additionalEventData"]
    signature = base64.b64encode(bytes(70)).decode()
    data[name] = {"digest": "00" * 32, "signature": signature}.get(name, 2)
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    with pytest.raises(ChainBroken) as caught:
        verify_export(rewritten(claims, 4, text), signer.keys)
    assert caught.value.sequence == 4


@pytest.mark.parametrize("data", [{}, {"sequence": 3}, None, "x"])
def test_a_checkpoint_that_cannot_be_read_is_a_fault(
    claims: list[Claim], signer: Signer, data: object
) -> None:
    told = json.loads(claims[3].link.record)
    told["additionalEventData"] = data
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    with pytest.raises(ChainBroken, match="no checkpoint that can be read"):
        verify_export(rewritten(claims, 4, text), None)


@pytest.mark.parametrize(
    "change",
    [
        {"keyId": []},
        {"keyId": 5},
        {"keyId": "\x1b[2J"},
        {"floor": 10**30},
        {"floor": -1},
        {"sequence": 10**30},
        {"digest": "00"},
        {"eventTime": 5},
        {"eventTime": "\x1b[2J"},
    ],
)
@pytest.mark.parametrize("is_keyed", [True, False])
def test_a_checkpoint_has_in_it_what_one_has(
    claims: list[Claim], signer: Signer, change: dict[str, object], *, is_keyed: bool
) -> None:
    """Whoever forges one reaches neither the terminal nor what is not made for it."""
    told = json.loads(claims[3].link.record)
    part = told if "eventTime" in change else told["additionalEventData"]
    part.update(change)
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    with pytest.raises(ChainBroken, match="no checkpoint that can be read"):
        verify_export(rewritten(claims, 4, text), signer.keys if is_keyed else None)


def test_a_caller_cannot_write_a_checkpoint(database: Database, signer: Signer) -> None:
    """Whatever stands in a text of a caller's, it is quoted in the record."""
    user_agent = signer.record(START)
    record = json.dumps({"eventName": "AuditCheckpoint", "userAgent": user_agent})
    with database.transaction() as connection:
        append(connection, record)
        signer.sign(connection)
        assert verify(connection, keys=signer.keys).signed_to == 1


def test_an_end_that_was_cut_off_shows_beside_a_noted_head(
    claims: list[Claim], signer: Signer
) -> None:
    noted = claims[-1].link.head
    assert verify_export(claims[:7], signer.keys).sequence == 7
    with pytest.raises(ChainBroken) as caught:
        verify_export(claims[:7], signer.keys, noted)
    assert caught.value.sequence == 8
    with pytest.raises(ChainBroken, match="another chain") as caught:
        verify_export(claims, signer.keys, Head(5, bytes(32)))
    assert caught.value.sequence == 5


def test_older_files_may_be_put_away_where_that_is_said(
    claims: list[Claim], signer: Signer
) -> None:
    found = verify_export(claims[4:], signer.keys, claims[3].link.head, first=5)
    assert found[:2] == (5, claims[-1].link.head)
    with pytest.raises(ChainBroken, match="older than what is here"):
        verify_export(claims[4:], signer.keys, claims[0].link.head, first=5)
    with pytest.raises(ChainBroken) as caught:
        verify_export(claims[4:], signer.keys, first=4)
    assert caught.value.sequence == 4


def test_what_an_export_delivered_twice_is_no_fault(claims: list[Claim], signer: Signer) -> None:
    again = [*claims[:6], *claims[2:6], *claims[4:]]
    assert verify_export(again, signer.keys) == verify_export(claims, signer.keys)


def files(folder: Path, claims: list[Claim]) -> list[Path]:
    """Two files, named so that their names do not tell their order."""
    paths = [folder / "z.jsonl", folder / "a.jsonl"]
    for path, part in zip(paths, (claims[:3], claims[3:]), strict=True):
        path.write_text("".join(line(claim) + "\n" for claim in part))
    return paths


def test_files_verify_in_any_order_and_tell_the_line_of_a_fault(
    tmp_path: Path, claims: list[Claim], signer: Signer
) -> None:
    paths = files(tmp_path, claims)
    found: Verified = verify_export(read_files(paths[::-1]), signer.keys)
    assert found == verify_export(claims, signer.keys)
    spoilt = paths[1].read_text().replace('"n":6', '"n":7')
    paths[1].write_text(spoilt)
    with pytest.raises(ChainBroken) as caught:
        verify_export(read_files(paths), signer.keys)
    assert caught.value.sequence == 6
    assert f"{paths[1]}:3: audit record 6" in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda text: text[:-30], "cut short"),
        (lambda text: text.replace('"sequence":5', '"sequence": 5'), "is no exported record"),
        (lambda text: text.replace('"n":5}', '"n":"é"}'), "is no exported record"),
        (lambda text: "[]\n" + text, "is no exported record"),
        (lambda text: text.replace("\n", "\r\n"), "is no exported record"),
    ],
)
def test_a_line_that_is_none_is_found(
    tmp_path: Path, claims: list[Claim], spoil: Callable[[str], str], problem: str
) -> None:
    paths = files(tmp_path, claims)
    paths[1].write_bytes(spoil(paths[1].read_text()).encode())
    with pytest.raises(ChainBroken, match=problem):
        verify_export(read_files(paths), None)


def test_a_duplicate_member_inside_a_record_is_an_alteration(
    tmp_path: Path, claims: list[Claim]
) -> None:
    """A record is hashed as it stands: nothing is parsed and written anew on the way."""
    paths = files(tmp_path, claims)
    text = paths[0].read_text().replace('{"eventName":', '{"eventName":"Encrypt","eventName":', 1)
    paths[0].write_text(text)
    with pytest.raises(ChainBroken) as caught:
        verify_export(read_files(paths), None)
    assert caught.value.sequence == 1


def test_the_tail_of_a_signed_trail_is_its_newest_records(
    database: Database, claims: list[Claim]
) -> None:
    with database.snapshot() as connection:
        assert tail(connection, 1) == [claims[-1].link]


def test_of_a_long_trail_only_what_is_new_may_be_verified_from_a_noted_head_on(
    database: Database, claims: list[Claim], signer: Signer
) -> None:
    noted = claims[3].link.head
    with database.snapshot() as connection:
        found = verify(connection, noted, signer.keys, first=5)
        assert (found.first, found.head) == (5, claims[-1].link.head)
        assert (found.signed_to, found.floor) == (6, 1)
        with pytest.raises(ChainBroken, match="another chain"):
            verify(connection, noted._replace(digest=bytes(32)), first=5)
        with pytest.raises(ChainBroken, match="older than what is here"):
            verify(connection, noted, first=6)
        assert verify(connection, first=LAST).total == 1  # no checkpoint is among it
        with pytest.raises(Misconfigured, match=f"the trail ends with {LAST}"):
            verify(connection, first=LAST + 1)


@pytest.mark.parametrize(("gone", "place"), [(4, 4), (5, 5), (6, 6), (8, 8)])
def test_what_is_gone_from_a_part_is_found_like_what_is_gone_from_the_whole(
    database: Database, claims: list[Claim], gone: int, place: int
) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(f"DELETE FROM audit_record WHERE sequence = {gone}")
    with database.snapshot() as connection, pytest.raises(ChainBroken) as caught:
        verify(connection, claims[3].link.head, first=5)
    assert caught.value.sequence == place


@pytest.mark.parametrize(
    "record",
    [
        '{"a":{"eventType":"AliyunServiceEvent"}}',
        '["eventType":"AliyunServiceEvent"',
        '{"eventType":"AliyunServiceEvent"' + "[" * 50_000,
        '["eventType",{"eventType":"AliyunServiceEvent"}]',
        json.dumps(
            {
                "eventType": "AliyunServiceEvent",
                "eventName": "AuditCheckpoint",
                "eventTime": "",
                "additionalEventData": {
                    "sequence": 6,
                    "digest": "",
                    "floor": "1",
                    "keyId": "",
                    "signature": "",
                },
            },
            separators=(",", ":"),
        ),
    ],
)
def test_whatever_is_laid_in_the_place_of_the_newest_checkpoint_is_found_there(
    database: Database, claims: list[Claim], signer: Signer, record: str
) -> None:
    spoilt = rewritten(claims, 7, record)
    with database.transaction() as connection:
        for claim in spoilt:
            link = claim.link._asdict()
            connection.execute(
                update(AuditRecord).where(AuditRecord.sequence == claim.link.sequence).values(link)
            )
        connection.execute(update(AuditHead).values(digest=spoilt[-1].link.digest))
    with database.snapshot() as connection:
        with pytest.raises(ChainBroken) as caught:
            verify(connection, keys=signer.keys)
        assert caught.value.sequence == 7


def test_where_it_breaks_nothing_is_left_open(
    claims: list[Claim], signer: Signer, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with database.transaction() as connection:
        connection.execute(update(AuditRecord).where(AuditRecord.sequence == 2).values(record="{}"))
    with pytest.raises(ChainBroken) as caught, database.snapshot() as connection:
        verify(connection, keys=signer.keys)
    database.close()
    del caught
    gc.collect()
    assert not caplog.records
