# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms audit`, as its users type it."""

import datetime as dt
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sidecar.cli import main
from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.raw import ask, signed, wire


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.out)
        return told


type Audit = Callable[..., Done]

EXPORTS = """\
audit:
  checkpoint: {records: 5, every: 1h}
  exports:
    - {name: disk, folder: audit, rotate: 4KiB}
"""


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Audit:
    """Run `sidecar kms audit ...` to its end."""

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["sidecar", "kms", "audit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKms]:
    """A core that has served for a while, with an export, and has ended well."""
    running = RunningKms(tmp_path_factory.mktemp("audited") / "kms")
    configuration = running.directory / "kms.yaml"
    configuration.write_text(configuration.read_text() + EXPORTS)
    running.start()
    key_id = running.make_key("alias/customers")
    for _ in range(6):
        running.call("GenerateDataKey", KeyId=key_id)
    stranger = AccessKey("LTAInobody", "no secret")
    assert ask(running, wire(signed("ListKeys", key=stranger))).status == 404
    running.stop()
    yield running
    running.close()


@pytest.fixture
def core(written: RunningKms, tmp_path: Path) -> Path:
    """The folder of it, for a test to spoil."""
    folder = tmp_path / "kms"
    shutil.copytree(written.directory, folder)
    configuration = folder / "kms.yaml"
    text = configuration.read_text().replace(str(written.directory), str(folder))
    configuration.write_text(text)
    for path in (folder / "hsm").glob("*.conf"):
        path.write_text(path.read_text().replace(str(written.directory), str(folder)))
    return folder


@pytest.fixture
def key(audit: Audit, written: RunningKms, tmp_path: Path) -> Path:
    """The public key, as an operator keeps it."""
    path = tmp_path / "audit-key.pem"
    path.write_text(audit("public-key", "--dir", written.directory).out)
    return path


def files(core: Path) -> list[Path]:
    return sorted((core / "audit").iterdir())


def run_sql(core: Path, *statements: str) -> None:
    with closing(sqlite3.connect(core / "kms.db")) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0
        connection.commit()


def test_the_database_and_the_files_verify_and_are_noted_heads_for_each_other(
    audit: Audit, core: Path, key: Path
) -> None:
    database = audit("verify", "--dir", core, "--key", key, "--json").json
    exported = audit("verify", "--key", key, "--json", *files(core)).json
    assert database == exported
    assert database["verified"] is database["signatures_checked"] is True
    assert database["signed_to"] == database["records"] - 1
    assert len(files(core)) > 1
    head = database["head"]
    assert audit("verify", "--dir", core, "--key", key, "--head", head).code == 0
    assert audit("verify", "--key", key, "--head", head, *files(core)).code == 0


def test_it_says_in_words_what_it_found_and_what_was_not_checked(
    audit: Audit, core: Path, key: Path
) -> None:
    first, second = audit("verify", "--dir", core, "--key", key).out.splitlines()
    assert first.startswith("verified: ")
    assert second.endswith("1 after it have no signature yet")
    assert "were not checked: that takes --key" in audit("verify", "--dir", core).out


def test_a_database_that_was_cut_off_is_found_by_the_head_of_the_files(
    audit: Audit, core: Path, key: Path
) -> None:
    head = audit("verify", "--key", key, "--json", *files(core)).json["head"]
    last = int(head.partition(":")[0])
    run_sql(
        core,
        f"DELETE FROM audit_record WHERE sequence > {last - 2}",
        f"DELETE FROM audit_mark WHERE sequence > {last - 2}",
        f"UPDATE audit_head SET sequence = {last - 2}, digest = "
        f"(SELECT digest FROM audit_record WHERE sequence = {last - 2})",
    )
    assert audit("verify", "--dir", core, "--key", key).code == 0  # the honest limit
    cut = audit("verify", "--dir", core, "--key", key, "--head", head)
    assert cut.code == 1
    assert f"audit record {last - 1}: is missing: the end was cut off" in cut.err


def test_an_altered_record_is_named_in_the_database_and_with_its_line_in_a_file(
    audit: Audit, core: Path, key: Path
) -> None:
    run_sql(
        core,
        "UPDATE audit_record SET record = replace(record, 'Write', 'Read') WHERE sequence = 3",
    )
    done = audit("verify", "--dir", core, "--key", key)
    assert (done.code, "audit record 3: " in done.err) == (1, True)
    path = next(path for path in files(core) if "admin" in path.read_text())
    path.write_text(path.read_text().replace("admin", "nobody", 1))
    done = audit("verify", "--key", key, *files(core))
    assert done.code == 1
    assert f"{path}:" in done.err
    assert "is not what was written" in done.err


def test_a_file_that_is_missing_is_found_and_older_ones_may_be_put_away(
    audit: Audit, core: Path, key: Path, tmp_path: Path
) -> None:
    lines = "".join(path.read_text() for path in files(core)).splitlines(keepends=True)
    first, second, third = (tmp_path / f"{name}.jsonl" for name in "abc")
    for path, part in ((first, lines[:3]), (second, lines[3:6]), (third, lines[6:])):
        path.write_text("".join(part))
    done = audit("verify", "--key", key, second, third)
    assert done.code == 1
    assert "audit record 1: is missing, and so on up to 3" in done.err
    assert audit("verify", "--key", key, "--from", 4, second, third).code == 0
    done = audit("verify", "--key", key, first, third)
    assert done.code == 1
    assert "audit record 4: is missing, and so on up to 6" in done.err


def test_what_is_given_wrongly_is_explained(audit: Audit, core: Path, tmp_path: Path) -> None:
    for head in ("3", "x:00", "3:zz"):
        done = audit("verify", "--dir", core, "--head", head)
        assert (done.code, "NUMBER:DIGEST" in done.err) == (2, True)
    (tmp_path / "no.pem").write_text("no key")
    done = audit("verify", "--dir", core, "--key", tmp_path / "no.pem")
    assert (done.code, "is no public key" in done.err) == (2, True)
    done = audit("verify", "--dir", core, "--key", tmp_path / "absent.pem")
    assert (done.code, "cannot be read" in done.err) == (2, True)
    done = audit("verify", tmp_path / "absent.jsonl")
    assert (done.code, "cannot be read" in done.err) == (2, True)


@pytest.mark.parametrize("what", ["tail", "verify", "query", "public-key"])
def test_there_is_no_database_and_none_is_made(audit: Audit, core: Path, what: str) -> None:
    database = core / "kms.db"
    database.unlink()
    done = audit(what, "--dir", core)
    assert (done.code, done.err) == (2, f"sidecar: {database} is not there\n")
    assert not database.exists()
    database.write_bytes(b"no database at all " * 1000)
    done = audit(what, "--dir", core)
    assert done.code == 2
    assert done.err.startswith("sidecar: the database cannot be read: DatabaseError; ")


def test_a_core_that_never_served_has_no_key_yet(
    audit: Audit, make_kms: Callable[[], RunningKms]
) -> None:
    done = audit("public-key", "--dir", make_kms().directory)
    assert (done.code, "it gets one from: sidecar kms serve" in done.err) == (2, True)


def test_public_key_is_pem_with_an_id(audit: Audit, written: RunningKms) -> None:
    told = audit("public-key", "--dir", written.directory, "--json").json
    assert told["public_key"].startswith("-----BEGIN PUBLIC KEY-----\n")
    records = audit("query", "--dir", written.directory, "--action", "AuditCheckpoint", "--json")
    signers = {one["additionalEventData"]["keyId"] for one in records.json["records"]}
    assert signers == {told["key_id"]}


def names(done: Done) -> list[str]:
    return [record["eventName"] for record in done.json["records"]]


def test_query_finds_by_everything_that_it_offers(audit: Audit, written: RunningKms) -> None:
    def query(*words: str) -> list[str]:
        return names(audit("query", "--dir", written.directory, "--json", *words))

    everything = query()
    assert everything[0] == "AuditCheckpoint"
    assert query("--oldest-first") == everything[::-1]
    assert query("-n", "2") == everything[:2]
    assert query("--user", "admin", "--rw", "Write") == ["CreateAlias", "CreateKey"]
    assert query("--action", "GenerateDataKey", "-n", "3") == ["GenerateDataKey"] * 3
    assert query("--account", "", "--action", "ListKeys") == ["ListKeys"]
    assert query("--account", written.account_id)[0] == "GenerateDataKey"
    assert query("--since", "2099-01-01") == []
    assert query("--until", "2000-01-01T00:00:00Z") == []
    event = audit("query", "--dir", written.directory, "--action", "CreateKey", "--json").json
    (key_id,) = event["records"][0]["referencedResources"]["ACS::KMS::Key"]
    assert len(query("--key", key_id, "--access-key", written.access_key.id)) == 8
    assert query("--id", event["records"][0]["eventId"]) == ["CreateKey"]


def test_query_prints_a_record_a_line_and_nothing_for_none(
    audit: Audit, written: RunningKms
) -> None:
    lines = audit("query", "--dir", written.directory, "-n", "3").out.splitlines()
    assert len([json.loads(line) for line in lines]) == 3
    assert audit("query", "--dir", written.directory, "--user", "nobody").out == ""


def test_tail_shows_the_newest_records_while_the_kms_serves(audit: Audit, kms: RunningKms) -> None:
    request_id = kms.call("ListKeys")["RequestId"]
    records = audit("tail", "--dir", kms.directory, "-n", "2", "--json").json["records"]
    assert len(records) == 2
    assert request_id in [record.get("requestId") for record in records]
    lines = audit("tail", "--dir", kms.directory, "-n", "2").out.splitlines()
    assert len(lines) == 2
    assert json.loads(lines[-1])["serviceName"] == "Kms"


def test_prune_leaves_a_trail_that_verifies_while_the_kms_serves(
    audit: Audit, make_kms: Callable[[], RunningKms], tmp_path: Path
) -> None:
    kms = make_kms()
    for _ in range(2):
        kms.start()
        kms.call("ListKeys")
        kms.stop()
    kms.start()
    kms.call("ListKeys")
    pem = tmp_path / "key.pem"
    pem.write_text(audit("public-key", "--dir", kms.directory).out)
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).strftime("%Y-%m-%d")
    told = audit("prune", "--dir", kms.directory, "--before", later, "--json").json
    assert told["removed"] == told["first"] - 1 > 0
    kms.call("ListKeys")
    found = audit("verify", "--dir", kms.directory, "--key", pem, "--json").json
    assert found["first"] == told["first"]
    kms.stop()
    assert audit("verify", "--dir", kms.directory, "--key", pem).code == 0
    done = audit("prune", "--dir", kms.directory, "--before", "2000-01-01")
    assert done.out.startswith("0 records were removed")


def test_prune_waits_for_exports(audit: Audit, core: Path) -> None:
    run_sql(core, "UPDATE audit_export SET sequence = 1")
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).strftime("%Y-%m-%d")
    done = audit("prune", "--dir", core, "--before", later)
    assert (done.code, "export 'disk' has carried on 1 records" in done.err) == (2, True)
