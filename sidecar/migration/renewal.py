# SPDX-License-Identifier: Apache-2.0
"""One record written again at its store: read, opened, sealed, written, unless somebody was faster.

What goes to the store is a request of the rule's own routes that the transform has claimed and
sealed; a request that it would let pass stops the sweep. Lost updates are prevented by what the
description tells:

 - the record is read just before, and its ETag goes along as If-Match (RFC 9110 §13.1.1); or
   without one it is read a last time and compared, which leaves the moment until the write; or
 - the store counts what it changed, or refuses what is stale (`changed`, `guard: store`). A record
   that was changed is read and tried again, or without `read` left to the next sweep.

A write that was not answered may have been done, so what stands there is looked at before another.
"""

import asyncio
import secrets
from enum import Enum, StrEnum
from typing import Final, NamedTuple

from sidecar.errors import KeyUnavailable, Misconfigured, Refused, SidecarError
from sidecar.message import Headers, Refusal, RequestHead, find_header
from sidecar.migration.collection import Collection, SlotValues
from sidecar.migration.members import values_at
from sidecar.migration.purposes import Purpose
from sidecar.migration.records import NotPossible, State, refused
from sidecar.migration.rehearsal import rehearse
from sidecar.migration.slots import Filled, Slot, Values
from sidecar.migration.store import Answer, StoreUnavailable
from sidecar.transform import RuledHold

_STALE = frozenset({409, 412})
_GONE = frozenset({404, 410})
_DENIED = frozenset({401, 403})
_FIRST_NO_SUCCESS = 300


class Outcome(StrEnum):
    """What became of one record."""

    WRITTEN = "written"
    LEFT = "left"
    """Nothing was due."""
    CHANGED = "changed"
    """Others write it all the time, or it is left to the next sweep because one of them did."""
    GONE = "gone"
    FAILED = "failed"


class Result(NamedTuple):
    """An outcome; `why` where it failed, in names and statuses."""

    outcome: Outcome
    why: str = ""


class _Found(NamedTuple):
    """A record as it stands in the store now, and the ETag that the store gives it."""

    record: bytes
    etag: bytes | None = None


class _Again(Enum):
    """Somebody was faster: what stands there now has to be looked at."""

    AGAIN = "again"


AGAIN: Final = _Again.AGAIN


class Renewal:
    """Writes records of one collection again where that is due."""

    def __init__(self, collection: Collection, purpose: Purpose, *, dry_run: bool = False) -> None:
        description = collection.description
        if description.writing is None:
            raise Misconfigured(
                f"{description.where}: `write` is missing: how is a record written?"
            )
        purpose.check(collection.rule)
        rehearse(collection, description.writing.request)
        self._collection = collection
        self._purpose = purpose
        self._dry_run = dry_run
        self._writing = description.writing
        self._write_slots = SlotValues(description.writing.request)
        self._reading = description.reading
        self._read_slots = SlotValues(description.reading.request) if description.reading else None

    async def renew(self, listed: bytes) -> Result:
        """What became of a record that the listing showed.

        Raises:
            StoreUnavailable, KeyUnavailable: Trouble that lasts; the sweep had better stop.
            Misconfigured: No record can be written like this.
        """
        # Where the store itself refuses what is stale, the listed record will do at first.
        looks_again = self._collection.guard == "read"
        for pause in (*self._collection.store.pauses, None):
            try:
                outcome = await self._attempt(listed, looks_again=looks_again)
            except Refused as error:
                return Result(Outcome.FAILED, f"{_code(error)}: {error.why}")
            except (StoreUnavailable, KeyUnavailable):
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                if outcome is not AGAIN:
                    return Result(outcome)
                if self._reading is None:  # the listing is all there is to look at
                    break
            looks_again = True
        return Result(Outcome.CHANGED)

    async def _attempt(self, listed: bytes, *, looks_again: bool) -> Outcome | _Again:
        records, tenant = self._collection.records, self._collection.tenant_of(listed)
        if not await self._purpose.is_due(records.look(listed), tenant):
            return Outcome.LEFT
        found = await self._current(listed, tenant) if looks_again else _Found(listed)
        if found is None:
            return Outcome.GONE
        tenant, values = self._collection.tenant_of(found.record), records.look(found.record)
        if not await self._purpose.is_due(values, tenant):
            return Outcome.LEFT
        is_sealed = any(value.state is State.SEALED for value in values)
        opened = await records.open(found.record, tenant) if is_sealed else found.record
        request, headers = await self._sealed(self._write_slots.of(opened, found.record), tenant)
        if self._dry_run:
            return Outcome.WRITTEN
        if self._collection.guard == "read":
            if found.etag is not None:
                headers = (*headers, (b"If-Match", found.etag))
            elif await self._current(listed, tenant) != found:
                return AGAIN
        return self._judge(await self._collection.store.ask(request, headers))

    async def _current(self, listed: bytes, tenant: str) -> _Found | None:
        """The record as it stands now, if it still does."""
        if self._reading is None or self._read_slots is None:
            return _Found(listed)
        collection = self._collection
        request = self._reading.request.fill(self._read_slots.of(listed, listed))
        answer = await collection.store.read(request, collection.tenant_headers(tenant))
        if answer.status in _GONE:
            return None
        _check(answer)
        found = values_at(answer.body, collection.read_at)
        etag = find_header(answer.headers, b"etag")
        # A weak one never matches (RFC 9110 §13.1.1).
        return (
            _Found(found[0], None if etag and etag.startswith(b"W/") else etag) if found else None
        )

    async def _sealed(self, values: Values, tenant: str) -> tuple[Filled, Headers]:
        """The request to the store for a record; NotPossible, KeyUnavailable."""
        collection = self._collection
        # What is compared with goes back to the store as it came from there, unsealed or sealed:
        # it takes its place when everything else is sealed.
        kept = {slot: value for slot, value in values.items() if slot.is_stored}
        marks = {slot: b'"%b"' % secrets.token_hex(16).encode() for slot in kept}
        filled = self._writing.request.fill({**values, **marks})
        headers: Headers = (
            *collection.tenant_headers(tenant),
            (b"Content-Type", b"application/json"),
            (b"Content-Length", b"%d" % len(filled.body)),
        )
        authority = collection.store.authority
        head = RequestHead(filled.method, filled.target, authority, headers)
        claim = collection.transform.claim(head)
        if isinstance(claim, Refusal):
            raise refused(claim)
        if not isinstance(claim, RuledHold):
            raise Misconfigured(
                f"{collection.description.where}: no route of rule {collection.rule.name!r} holds "
                f"`{self._writing.request}`, so it would not be sealed"
            )
        sealed = await collection.transform.seal_request(claim, filled.body)
        if isinstance(sealed, Refusal):
            raise refused(sealed)
        body = _unmarked(sealed.body, kept, marks)
        lengths = (b"Content-Length", b"%d" % len(body))
        lines = [line for line in sealed.head.headers if line[0].lower() != b"content-length"]
        return Filled(filled.method, sealed.head.target, body), (*lines, lengths)

    def _judge(self, answer: Answer) -> Outcome | _Again:
        """What the store's answer to the write says."""
        if answer.status in _STALE:
            return AGAIN
        if answer.status in _GONE:
            return Outcome.GONE
        if answer.is_busy:
            raise StoreUnavailable(f"{self._collection.store.authority} says {answer.status}")
        _check(answer)
        if self._writing.changed is None:
            return Outcome.WRITTEN
        counts = values_at(answer.body, self._writing.changed)
        if not counts or not all(count.isdigit() for count in counts):
            path = str(self._writing.changed)
            raise NotPossible("uncounted", f"the store does not say at {path!r} what it changed")
        return Outcome.WRITTEN if any(int(count) for count in counts) else AGAIN


def _unmarked(body: bytes, kept: Values, marks: dict[Slot, bytes]) -> bytes:
    for slot, mark in marks.items():
        body = body.replace(mark, kept[slot], 1)
    return body


def _check(answer: Answer) -> None:
    if answer.status in _DENIED:
        raise Misconfigured(
            f"the store denies access ({answer.status}); are the description's `headers` right?"
        )
    if answer.status >= _FIRST_NO_SUCCESS:
        raise NotPossible(f"store_{answer.status}", "the store refuses this record")


def _code(error: SidecarError) -> str:
    return error.refusal if isinstance(error, NotPossible) else error.code
