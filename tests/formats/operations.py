# SPDX-License-Identifier: Apache-2.0
"""What is done with every format, through the real proxy, between a client and a store.

Each operation is one coroutine; it fails or it does not. Bodies are looked at by parsers that share
nothing with the codecs, and the store's bytes are searched for what must not be there.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from sidecar.rules import Field, Mask, Store
from sidecar.transform import Transform
from tests.fixtures.origin import Origin
from tests.formats.format import CODINGS, Format, Record
from tests.proxy.rig import Answered, serving
from tests.proxy.rig import Rig as Proxy
from tests.rules import samples
from tests.transform.rig import Rig as Keys

CANARY = "CANARY 078-05-1120 é"
EMAIL = "ann@example.org"
ANN: Record = {"id": "c1", "name": "Ann", "ssn": CANARY, "email": EMAIL}
BOB: Record = {"id": "c2", "name": "Bob", "ssn": CANARY + "2", "email": None}
SEALED = "enc:1:"
LAST = Mask(last=4)


class Stage(NamedTuple):
    """A proxy before a store that answers what it is told to."""

    format: Format
    origin: Origin
    proxy: Proxy

    async def ask(self, request: bytes) -> Answered:
        found = await (await self.proxy.client()).ask(request)
        assert not self.origin.misread
        for spelling in ("CANARY", EMAIL, "ann%40"):
            assert spelling.encode() not in self.origin.everything
        return found

    async def write(self, *records: Record, coding: str = "") -> list[Record]:
        """What the store has of records once they are written."""
        answered = await self.ask(self.format.request(*records, coding=coding))
        assert answered.status == 200, answered.body
        return self.format.stored(self.origin.complete[-1])

    async def read(self, *stored: Record, record: str = "c1", coding: str = "") -> Answered:
        """What the client is told when the store answers with `stored`."""
        self.origin.answer = self.format.answer(*stored, coding=coding)
        return await self.ask(self.format.asking(record if len(stored) == 1 else ""))


@contextlib.asynccontextmanager
async def stage(
    format_: Format, of_field: Callable[[Field], Field] = lambda item: item
) -> AsyncIterator[Stage]:
    """Everything that one operation needs; `of_field` may change the rule's fields."""
    keys = await Keys.start()
    try:
        async with Origin() as origin:
            store = Store("crm", "rest", (f"127.0.0.1:{origin.port}",))
            rule = format_.rule(keys, store=store)
            fields, outside = (tuple(map(of_field, each)) for each in (rule.fields, rule.outside))
            rule = replace(rule, fields=fields, outside=outside)
            async with serving(origin, Transform(samples.plan(rule), keys.keyring)) as proxy:
                yield Stage(format_, origin, proxy)
    finally:
        await keys.keyring.aclose()


def texts(stage: Stage, *records: Record) -> list[Record]:
    """`records` as far as the format can tell them."""
    return stage.format.read(stage.format.write(*records))


async def seal_write(stage: Stage) -> None:
    (stored,) = await stage.write(ANN)
    (plain,) = texts(stage, ANN)
    for name in plain:
        if name in {"ssn", "email"}:
            assert (stored[name] or "").startswith(SEALED)
        else:
            assert stored[name] == plain[name]


async def open_read(stage: Stage) -> None:
    stored = await stage.write(ANN)
    told = await stage.read(*stored)
    assert (told.status, stage.format.told(told)) == (200, texts(stage, ANN))


async def records_in_a_list(stage: Stage) -> None:
    stored = await stage.write(ANN, BOB)
    assert [SEALED in (record["ssn"] or "") for record in stored] == [True, True]
    told = await stage.read(*stored)
    assert stage.format.told(told) == texts(stage, ANN, BOB)
    swapped = [stored[0] | {"ssn": stored[1]["ssn"]}, stored[1]]
    await refused(stage, await stage.read(*swapped))


async def equality_search(stage: Stage) -> None:
    (stored,) = await stage.write(ANN)
    await stage.ask(stage.format.searching(EMAIL))
    assert stage.format.sought(stage.origin.complete[-1]) == stored["email"]


async def masked_read(stage: Stage) -> None:
    """Of a caller who is not cleared, and who then writes back what was shown."""
    async with _masked(stage.format) as masked:
        (stored,) = await masked.write(ANN)
        told = await masked.read(stored)
        (shown,) = masked.format.told(told)
        masks = [texts(masked, ANN | {"ssn": text}) for text in ("****" + CANARY[-4:], "****")]
        assert shown["ssn"] in {each["ssn"] for (each,) in masks}
        assert b"CANARY" not in b"".join((told.body, *(value for _, value in told.headers)))
        count = len(masked.origin.complete)
        await refused(masked, await masked.ask(masked.format.request(ANN | {"ssn": shown["ssn"]})))
        assert len(masked.origin.complete) == count


def _masked(format_: Format) -> AbstractAsyncContextManager[Stage]:
    """A stage of its own, on which everybody sees the end of what is sealed."""
    return stage(format_, lambda item: item if item.name == "email" else replace(item, mask=LAST))


async def null(stage: Stage) -> None:
    stored = await stage.write(ANN | {"ssn": None})
    assert stored[0]["ssn"] is None
    told = await stage.read(*stored)
    assert stage.format.told(told) == texts(stage, ANN | {"ssn": None})


async def record_binding(stage: Stage) -> None:
    (stored,) = await stage.write(ANN)
    await refused(stage, await stage.read(stored | {"id": "c2"}, record="c2"))


async def moved_envelope(stage: Stage) -> None:
    (stored,) = await stage.write(ANN)
    for place in ("email", "name"):
        await refused(stage, await stage.read(stored | {place: stored["ssn"]}))


async def forged_envelope(stage: Stage) -> None:
    (stored,) = await stage.write(ANN)
    count = len(stage.origin.complete)
    for place in stage.format.read(stage.format.write(ANN))[0]:
        if place != "id":
            answered = await stage.ask(stage.format.request(ANN | {place: stored["ssn"]}))
            assert answered.status == 400, place
    assert len(stage.origin.complete) == count
    text = stored["ssn"] or ""
    for forged in (text[:-2] + ("AA" if text[-2:] != "AA" else "BB"), SEALED, SEALED + "AAAA"):
        await refused(stage, await stage.read(stored | {"ssn": forged}))


async def unreadable_body(stage: Stage) -> None:
    stored = await stage.write(ANN)
    count = len(stage.origin.complete)
    bad = stage.format.unreadable
    answered = await stage.ask(stage.format.request(ANN, body=bad))
    assert answered.status in {400, 415, 422}
    assert len(stage.origin.complete) == count
    stage.origin.answer = stage.format.answer(*stored, body=bad)
    await refused(stage, await stage.ask(stage.format.asking("c1")))


async def coded(coding: str, stage: Stage) -> None:
    stored = await stage.write(ANN, coding=coding)
    told = await stage.read(*stored, coding=coding)
    assert (told.status, stage.format.told(told)) == (200, texts(stage, ANN))
    assert not told.values(b"content-encoding")
    count = len(stage.origin.complete)
    assert not stage.origin.complete[-2].values(b"content-encoding")
    short = stage.format.request(ANN, body=CODINGS[coding](stage.format.write(ANN))[:-1])
    line = b"\r\nContent-Encoding: %b\r\n\r\n" % coding.encode()
    assert (await stage.ask(short.replace(b"\r\n\r\n", line, 1))).status == 400
    assert len(stage.origin.complete) == count


async def refused(stage: Stage, answered: Answered) -> None:
    """The client learns that it was refused, and nothing of what is sealed."""
    assert answered.status == 422, answered.body
    assert SEALED.encode() not in answered.body
    assert b"CANARY" not in answered.body


type Operation = Callable[[Stage], Awaitable[None]]

OPERATIONS: dict[str, Operation] = {
    "seal write": seal_write,
    "open read": open_read,
    "list of records": records_in_a_list,
    "equality search": equality_search,
    "masked read": masked_read,
    "null": null,
    "record binding": record_binding,
    "moved envelope": moved_envelope,
    "forged envelope": forged_envelope,
    "unreadable body": unreadable_body,
    **{coding: partial(coded, coding) for coding in CODINGS if coding},
}
