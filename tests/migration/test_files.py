# SPDX-License-Identifier: Apache-2.0
"""Files sealed record by record, or not at all."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sidecar.errors import Malformed, Misconfigured
from sidecar.migration import FORMATS, FileJob, FileSweep, Records, Rewrapping, tenant_reader
from sidecar.migration.coverage import Coverage
from sidecar.migration.purposes import Purpose, SealingAll
from sidecar.migration.records import NotPossible
from sidecar.rules import Mode
from tests.migration.rig import Rig
from tests.rules import samples

LIMIT = 1024 * 1024
BARE = '{"id":"%s","n":1.10,"ssn":"CANARY-%s"}'
SOURCES = {
    "json": f"[ {BARE % (1, 1)} ,\n {BARE % (2, 2)}]\n",
    "ndjson": f"{BARE % (1, 1)}\r\n\n{BARE % (2, 2)}",
    "csv": 'id,n,ssn\n1,1.10,CANARY-1\n2,1.10,"CANARY-2"\n',
}


async def sealed(  # noqa: PLR0917
    rig: Rig,
    form: str,
    source: Path,
    target: Path,
    purpose: Purpose | None = None,
    tenant: str | None = None,
    stop: asyncio.Event | None = None,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Coverage | None:
    chosen = FORMATS[form]
    path = samples.field(tenant).path if tenant else None
    job = FileJob(
        chosen,
        Records(rig.rule, rig.keyring, media_type=chosen.media_type),
        purpose or SealingAll(),
        tenant_reader(chosen, "", path),
        LIMIT,
    )
    return await FileSweep(job, stop or asyncio.Event(), tell).write(source, target)


class Desk:
    """A file to seal, and the folder that the sealed one appears in."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.target = folder / "out" / "target"
        self.target.parent.mkdir()

    def put(self, text: str | bytes) -> None:
        self.source.write_bytes(text.encode() if isinstance(text, str) else text)
        self.source.chmod(0o640)

    def sealed(self) -> bytes:
        return self.target.read_bytes()

    def source_bytes(self) -> bytes:
        return self.source.read_bytes()

    def mode(self) -> int:
        return self.target.stat().st_mode & 0o777

    def names(self) -> list[str]:
        return [path.name for path in self.target.parent.iterdir()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("form", SOURCES)
async def test_every_value_is_sealed_and_other_bytes_stay(rig: Rig, desk: Desk, form: str) -> None:
    desk.put(SOURCES[form])
    coverage = await sealed(rig, form, desk.source, desk.target)
    assert coverage is not None
    assert coverage.holds
    assert coverage.table() == {"ssn": {"sealed": 2, "null": 0, "unsealed": 0}}
    text = desk.sealed().decode()
    assert "CANARY" not in text
    rest = re.sub(r"enc:1:[\w-]+", "@", text)
    expected = SOURCES[form].replace("CANARY-1", "@").replace("CANARY-2", "@")
    assert rest == expected
    assert desk.mode() == 0o640
    assert desk.names() == ["target"]


@pytest.mark.parametrize("form", SOURCES)
async def test_a_file_that_is_sealed_stays_as_it_is(rig: Rig, desk: Desk, form: str) -> None:
    desk.put(SOURCES[form])
    await sealed(rig, form, desk.source, desk.target)
    before = desk.sealed()
    coverage = await sealed(rig, form, desk.target, desk.target)
    assert coverage is not None
    assert coverage.holds
    assert desk.sealed() == before


async def test_what_somebody_adds_meanwhile_is_not_lost(rig: Rig, desk: Desk) -> None:
    """The sealed file would take the place of a longer one."""
    desk.put(SOURCES["ndjson"])

    def add(done: int, _of: int) -> None:
        if done:
            with desk.source.open("a") as file:
                file.write("\n" + BARE % (3, 3))

    with pytest.raises(Misconfigured, match="somebody writes it meanwhile"):
        await sealed(rig, "ndjson", desk.source, desk.source, tell=add)
    assert b"CANARY-3" in desk.source_bytes()
    assert not desk.names()


async def test_a_record_that_is_sealed_in_part_is_sealed_whole(rig: Rig, desk: Desk) -> None:
    rig.rule = rig.make_rule(fields=rig.more_fields("ssn"))
    one = await Records(rig.rule, rig.keyring).seal(b'{"id":"1","ssn":"CANARY-1"}', "")
    half = msgspec.json.encode(msgspec.json.decode(one) | {"city": "CANARY-2"})
    desk.put(half)
    rig.rule = rig.make_rule(fields=rig.more_fields("ssn", "city"))
    await sealed(rig, "ndjson", desk.source, desk.target)
    opened = await Records(rig.rule, rig.keyring).open(desk.sealed(), "")
    assert json.loads(opened) == {"id": "1", "ssn": "CANARY-1", "city": "CANARY-2"}


async def test_one_record_that_cannot_be_sealed_and_there_is_no_file(rig: Rig, desk: Desk) -> None:
    desk.put(BARE % (1, 1) + '\n{"id":"2","ssn":["CANARY-2"]}\n')
    with pytest.raises(NotPossible, match="record 2: ") as error:
        await sealed(rig, "ndjson", desk.source, desk.target)
    assert "CANARY" not in error.value.why
    assert desk.names() == []


async def test_a_record_without_its_id_is_not_sealed_for_nobody(rig: Rig, desk: Desk) -> None:
    desk.put('{"ssn":"CANARY-1"}')
    with pytest.raises(NotPossible, match="record 1: "):
        await sealed(rig, "json", desk.source, desk.target)


@pytest.mark.parametrize("form", ["ndjson", "csv"])
async def test_each_record_tells_its_tenant(rig: Rig, desk: Desk, form: str) -> None:
    rig.rule = rig.make_rule(tenant_header="x-tenant-id")
    desk.put(
        '{"id":"1","org":"acme","ssn":"CANARY-1"}\n{"id":"2","org":"globex","ssn":"CANARY-2"}\n'
        if form == "ndjson"
        else "id,org,ssn\n1,acme,CANARY-1\n2,globex,CANARY-2\n"
    )
    coverage = await sealed(rig, form, desk.source, desk.target, tenant="org")
    assert coverage is not None
    assert coverage.holds
    if form == "ndjson":
        second = desk.sealed().splitlines()[1]
        assert b"CANARY-2" in await Records(rig.rule, rig.keyring).open(second, "globex")
        with pytest.raises(NotPossible):
            await Records(rig.rule, rig.keyring).open(second, "acme")


async def test_a_record_without_its_tenant_is_told(rig: Rig, desk: Desk) -> None:
    desk.put('{"id":"1","ssn":"CANARY-1"}')
    with pytest.raises(NotPossible, match="record 1: it does not tell its tenant at 'org'"):
        await sealed(rig, "json", desk.source, desk.target, tenant="org")


async def test_digits_are_sealed_once(rig: Rig, desk: Desk) -> None:
    key = await rig.with_lookup_key()
    fields = (samples.field("ssn"), samples.field("card", Mode.DIGITS, keep_last=4))
    rig.rule = rig.make_rule(fields=fields, lookup_keys=(key,), phase=samples.rule().phase)
    desk.put('{"id":"1","ssn":"CANARY-1","card":"4111 1111 1111 1111"}\n')
    coverage = await sealed(rig, "ndjson", desk.source, desk.target)
    assert coverage is not None
    assert coverage.holds
    assert coverage.table()["card"] == {"sealed": 0, "null": 0, "unsealed": 0, "digits": 1}
    record = json.loads(desk.sealed())
    assert record["card"].endswith("1111")
    assert record["card"] != "4111 1111 1111 1111"
    with pytest.raises(NotPossible, match="sealed, at least in part"):
        await sealed(rig, "ndjson", desk.target, desk.target)


async def test_told_to_stop_there_is_no_file(rig: Rig, desk: Desk) -> None:
    desk.put(SOURCES["ndjson"])
    stop = asyncio.Event()
    stop.set()
    assert await sealed(rig, "ndjson", desk.source, desk.target, stop=stop) is None
    assert desk.names() == []


async def test_an_archive_is_sealed_anew_under_the_new_cmk(rig: Rig, desk: Desk) -> None:
    desk.put(SOURCES["ndjson"])
    await sealed(rig, "ndjson", desk.source, desk.target)
    await rig.move_alias()
    coverage = await sealed(
        rig, "ndjson", desk.target, desk.source, Rewrapping(rig.rule, rig.keyring)
    )
    assert coverage is not None
    assert coverage.holds
    rig.forget_old_cmk()
    line = desk.source_bytes().splitlines()[0]
    assert b"CANARY-1" in await Records(rig.rule, rig.keyring).open(line, "")


async def test_no_records_are_no_success(rig: Rig, desk: Desk) -> None:
    desk.put("[]")
    coverage = await sealed(rig, "json", desk.source, desk.target)
    assert coverage is not None
    assert not coverage.holds
    assert desk.names() == []


async def test_files_that_are_not_there_are_told(rig: Rig, desk: Desk) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        await sealed(rig, "json", desk.source, desk.target)
    desk.put(SOURCES["json"])
    with pytest.raises(Misconfigured, match="none/target: No such file"):
        await sealed(rig, "json", desk.source, desk.target.parent / "none" / "target")


async def test_another_format_than_it_says_is_told(rig: Rig, desk: Desk) -> None:
    desk.put(SOURCES["ndjson"])
    with pytest.raises(Malformed, match="is it NDJSON"):
        await sealed(rig, "json", desk.source, desk.target)
