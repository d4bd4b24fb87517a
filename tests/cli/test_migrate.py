# SPDX-License-Identifier: Apache-2.0
"""`sidecar migrate` and `sidecar rewrap` as an operator has them."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from tests.cli import installed
from tests.fixtures.kms import RunningKms
from tests.migration.rig import SIMPLE, customers
from tests.migration.shop import Shop


class Ended(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


class Desk:
    """A folder with everything an operator needs, before a running store."""

    def __init__(self, folder: Path, shop: Shop, authority: str, kms: RunningKms) -> None:
        self.folder = folder
        self.shop = shop
        self.kms = kms
        self.cmk = kms.make_key()
        at = f"{{endpoint: '{kms.endpoint}', credentials_file: '{kms.credentials_file}'}}"
        self.config = installed.write(folder, authority, self.cmk, at)
        self.write("customers.yaml", SIMPLE)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sidecar", *words, "-c", str(self.config)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
        )

    async def ended(self, process: asyncio.subprocess.Process) -> Ended:
        out, err = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    async def run(self, *words: str) -> Ended:
        return await self.ended(await self.start(*words))


@pytest_asyncio.fixture
async def desk(tmp_path: Path, kms: RunningKms) -> AsyncIterator[Desk]:
    shop = Shop(*customers(23))
    async with shop.open() as authority:
        yield Desk(tmp_path, shop, authority, kms)


async def test_a_collection_is_tried_sealed_and_proved(desk: Desk) -> None:
    tried = await desk.run("migrate", "collection", "customers.yaml", "--dry-run")
    assert tried.code == 0, tried.err
    assert "5 left, 18 written (dry run: nothing was written)" in tried.out
    assert desk.shop.asked["PUT"] == 0
    done = await desk.run("migrate", "collection", "customers.yaml")
    assert done.code == 0, done.err
    assert "18 sealed          5 null          0 unsealed" in done.out
    assert done.out.endswith("every sealed value opens, and nothing is left to do\n")
    assert b"CANARY" not in b"".join(desk.shop.records.values())
    assert "customers.migrate.journal" not in desk.names()


async def test_a_signal_leaves_a_clean_state_and_the_same_command_goes_on(desk: Desk) -> None:
    desk.write("customers.yaml", SIMPLE + "concurrency: 1\n")
    seen = asyncio.Event()
    process = await desk.start("migrate", "collection", "customers.yaml", "--json")

    def interrupt(record_id: str) -> None:
        if record_id == "C-009":
            process.send_signal(signal.SIGINT)
            seen.set()

    desk.shop.before_write = interrupt
    stopped = await desk.ended(process)
    assert seen.is_set()
    assert stopped.code == 1
    assert "the same command goes on from here" in stopped.err
    assert stopped.report["coverage"] is None
    assert "CANARY" not in desk.read("customers.migrate.journal") + stopped.out + stopped.err
    done = await desk.run("migrate", "collection", "customers.yaml", "--json")
    assert done.code == 0
    assert done.report["resumed_at"] == 5
    assert done.report["records"] == 23


async def test_what_cannot_be_sealed_is_named_and_fails(desk: Desk) -> None:
    desk.shop.change("C-005", ssn=["CANARY"])
    done = await desk.run("migrate", "collection", "customers.yaml")
    assert done.code == 1
    assert "1 failed: unexpected_shape" in done.out
    assert "look at: C-005" in done.out
    assert "CANARY" not in done.out + done.err


async def test_a_rule_that_only_watches_is_refused(desk: Desk) -> None:
    rules = desk.read("rules.yaml")
    desk.write("rules.yaml", rules.replace("record: id", "record: id\n    phase: monitor"))
    done = await desk.run("migrate", "collection", "customers.yaml")
    assert done.code == 2
    assert "say `phase: migrate` first" in done.err
    assert desk.shop.asked["PUT"] == 0


async def test_a_wrong_description_is_told_with_its_place(desk: Desk) -> None:
    desk.write("customers.yaml", SIMPLE.replace("read:", "raed:"))
    done = await desk.run("migrate", "collection", "customers.yaml")
    assert done.code == 2
    assert "customers.yaml:4:1: unknown key 'raed'; did you mean 'read'?" in done.err


async def test_what_makes_a_missing_cmk_is_told(desk: Desk) -> None:
    desk.write("rules.yaml", desk.read("rules.yaml").replace(desk.cmk, "alias/none"))
    for purpose in ("migrate", "rewrap"):
        done = await desk.run(purpose, "collection", "customers.yaml")
        assert done.code == 2
        assert f"--endpoint {desk.kms.endpoint} CreateAlias AliasName=alias/none KeyId=" in done.err


async def test_a_file_is_sealed_and_its_archive_rewrapped(desk: Desk) -> None:
    desk.write("export.csv", "id,ssn\n1,CANARY-1\n2,\n")
    words = ("--rule", "customers", "export.csv", "sealed.csv")
    done = await desk.run("migrate", "file", *words, "--json")
    assert done.code == 0, done.err
    assert done.report["coverage"]["fields"] == {"ssn": {"sealed": 1, "null": 1, "unsealed": 0}}
    sealed = desk.read("sealed.csv")
    assert sealed.startswith("id,ssn\n1,enc:1:")
    assert sealed.endswith("\n2,\n")
    again = await desk.run("rewrap", "file", "--rule", "customers", "sealed.csv", "again.csv")
    assert again.code == 0
    assert desk.read("again.csv") == sealed


async def test_a_file_that_cannot_be_sealed_is_not_made(desk: Desk) -> None:
    desk.write("export.ndjson", '{"id":"1","ssn":["CANARY"]}')
    words = ("--rule", "customers", "export.ndjson", "sealed.ndjson")
    done = await desk.run("migrate", "file", *words)
    assert done.code == 1
    assert "record 1: " in done.err
    assert "CANARY" not in done.err
    assert "sealed.ndjson" not in done.out
    assert "sealed.ndjson" not in desk.names()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--rule", "custmers", "a.csv", "b.csv"), "there is no rule 'custmers'; did you mean"),
        (("--rule", "customers", "a.txt", "b"), "say --format, one of json, ndjson, csv"),
        (("--rule", "customers", "--tenant", "x", "a.csv", "b"), "binds to no tenant"),
        (("--rule", "customers", "none.csv", "b.csv"), "none.csv: No such file"),
    ],
)
async def test_wrong_usage_of_files_is_told(desk: Desk, words: tuple[str, ...], why: str) -> None:
    desk.write("a.csv", "id,ssn\n")
    desk.write("a.txt", "id,ssn\n")
    done = await desk.run("migrate", "file", *words)
    assert done.code == 2
    assert why in done.err


async def test_a_rotation_ends_with_a_key_that_can_go(desk: Desk) -> None:
    await desk.run("migrate", "collection", "customers.yaml")
    old, new = desk.cmk, desk.kms.make_key()
    rules = desk.read("rules.yaml")
    desk.write("rules.yaml", rules.replace(f"cmk: {old}", f"cmk: {{seal: {new}, open: [{old}]}}"))
    before = await desk.run("rewrap", "report", "customers.yaml", "--key", old, "--json")
    assert before.code == 1
    (use,) = before.report["cmks"]
    assert use["can_go"] == "no"
    assert "protects 18 of customers.ssn" in use["against"][0]
    moved = await desk.run("rewrap", "collection", "customers.yaml")
    assert moved.code == 0, moved.err
    after = await desk.run("rewrap", "report", "customers.yaml", "--key", old)
    assert after.code == 0, after.err
    assert "can it go? yes" in after.out
    whole = await desk.run("rewrap", "report", "customers.yaml")
    assert whole.code == 0
    assert f"CMK {new}" in whole.out
    assert "rule 'customers' seals under it" in whole.out


async def test_of_a_key_that_no_rule_names_any_more_is_told_what_was_found(desk: Desk) -> None:
    """What stands under it may be among what nobody can tell: never a `yes`."""
    await desk.run("migrate", "collection", "customers.yaml")
    old, new = desk.cmk, desk.kms.make_key()
    desk.write("rules.yaml", desk.read("rules.yaml").replace(f"cmk: {old}", f"cmk: {new}"))
    asked = ("rewrap", "report", "customers.yaml", "--key", old)
    told = await desk.run(*asked)
    assert told.code == 1, told.err
    assert f"CMK {old}  (no rule names it)\n  can it go? unknown\n" in told.out
    assert f"nothing is looked for under it; they name {new}" in told.out
    assert "read: 23 records of customers" in told.out
    assert "nobody can tell the key of 18 customers.ssn" in told.out
    report = (await desk.run(*asked, "--json")).report
    (use,) = report["cmks"]
    assert (use["key_id"], use["names"], use["can_go"]) == (old, [], "unknown")
    assert report["unknown"] == {"customers.ssn": 18}


async def test_a_name_that_no_rule_has_is_told_with_those_that_they_have(desk: Desk) -> None:
    done = await desk.run("rewrap", "report", "customers.yaml", "--key", "alias/none")
    assert done.code == 1
    assert "CMK alias/none  (no rule names it)\n  can it go? unknown\n" in done.out
    assert f"they name {desk.cmk}" in done.out


async def test_nothing_is_answered_while_the_kms_is_away(desk: Desk) -> None:
    await desk.run("migrate", "collection", "customers.yaml")
    desk.config.write_text(desk.config.read_text().replace(desk.kms.endpoint, "http://127.0.0.1:1"))
    told = await desk.run("rewrap", "report", "customers.yaml")
    assert told.code == 1
    away = "the KMS cannot be asked for DescribeKey"
    assert told.out.count(f"{desk.cmk}: {away}") == 1
    swept = await desk.run("rewrap", "collection", "customers.yaml")
    assert (swept.code, swept.out) == (1, "")
    assert away in swept.err
    assert "`sidecar doctor` looks for the broken link" in swept.err


async def test_of_a_key_that_the_kms_does_not_know_is_told_so(desk: Desk) -> None:
    rules, cmk = desk.read("rules.yaml"), desk.cmk
    desk.write(
        "rules.yaml", rules.replace(f"cmk: {cmk}", f"cmk: {{seal: {cmk}, open: [alias/gone]}}")
    )
    done = await desk.run("rewrap", "report", "customers.yaml", "--key", "alias/gone")
    assert done.code == 1
    assert "CMK alias/gone  (alias/gone)\n  can it go? unknown\n    alias/gone: " in done.out
