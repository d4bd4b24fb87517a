# SPDX-License-Identifier: Apache-2.0
"""One record written again at its store: read, opened, sealed, written, unless somebody was faster.

Lost updates are prevented by what the description tells:

 - the record is read just before, and its ETag goes along as If-Match (RFC 9110 §13.1.1). Many
   stores send ETags and do not go by them, so the first write has one that cannot match: a store
   that takes it nevertheless is found out, with the loss of no update;
 - or the store counts what it changed (`changed`): the first statement compares with what no record
   has, and must change nothing;
 - or it refuses what is stale, on the description's word (`guard: store`).

Where there is nothing to go by, the record is read a last time and compared, which leaves the
moment until the write open; such writes are counted. A record that was changed is read and tried
again, or without `read` left to the next sweep. A write that was not answered may have been done,
so what stands there is looked at before another.
"""

import asyncio
from typing import NamedTuple

from sidecar.errors import KeyUnavailable, Misconfigured, Refused, SidecarError
from sidecar.message import find_header
from sidecar.migration.collection import Collection, SlotValues
from sidecar.migration.members import values_at
from sidecar.migration.outcome import (
    AGAIN,
    FIRST_NO_SUCCESS,
    GONE,
    STALE,
    Again,
    Outcome,
    Result,
    check,
    check_busy,
    judge,
)
from sidecar.migration.purposes import Purpose
from sidecar.migration.records import NotPossible, State
from sidecar.migration.rehearsal import rehearse
from sidecar.migration.sealed_request import SealedRequest, SealedRequests
from sidecar.migration.store import StoreUnavailable

NO_ETAG = b'"no-etag-of-any-record"'
"""What a store that goes by If-Match refuses."""


class _Found(NamedTuple):
    """A record as it stands in the store now, and the strong ETag that the store gives it.

    `listed` is how the listing showed it, by which it is read.
    """

    listed: bytes
    record: bytes
    etag: bytes | None = None


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
        self._store = collection.store
        self._purpose = purpose
        self._dry_run = dry_run
        self._requests = SealedRequests(collection, description.writing.request)
        self._changed = description.writing.changed
        self._reading = description.reading
        self._read_slots = SlotValues(description.reading.request) if description.reading else None
        self._goes_by_etags: bool | None = None
        self._compares: bool | None = None
        self._finding_out = asyncio.Lock()

    async def renew(self, listed: bytes) -> Result:
        """What became of a record that the listing showed.

        Raises:
            StoreUnavailable, KeyUnavailable: Trouble that lasts; the sweep had better stop.
            Misconfigured: No record can be written like this.
        """
        # Where the store itself refuses what is stale, the listed record will do at first.
        looks_again = self._collection.guard == "read"
        for pause in (*self._store.pauses, None):
            try:
                result = await self._attempt(listed, looks_again=looks_again)
            except Refused as error:
                return Result(Outcome.FAILED, f"{_code(error)}: {error.why}")
            except (StoreUnavailable, KeyUnavailable):
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                if result is not AGAIN:
                    return result
                if self._reading is None:  # the listing is all there is to look at
                    break
            looks_again = True
        return Result(Outcome.CHANGED)

    async def _attempt(self, listed: bytes, *, looks_again: bool) -> Result | Again:
        records, tenant = self._collection.records, self._collection.tenant_of(listed)
        if not await self._purpose.is_due(records.look(listed), tenant):
            return Result(Outcome.LEFT)
        found = await self._current(listed) if looks_again else _Found(listed, listed)
        if found is None:
            return Result(Outcome.GONE)
        tenant, values = self._collection.tenant_of(found.record), records.look(found.record)
        if not await self._purpose.is_due(values, tenant):
            return Result(Outcome.LEFT)
        is_sealed = any(value.state is State.SEALED for value in values)
        opened = await records.open(found.record, tenant) if is_sealed else found.record
        request = await self._requests.make(opened, found.record, tenant)
        if self._dry_run:
            return Result(Outcome.WRITTEN)
        if self._collection.guard == "read":
            return await self._write_if_unchanged(request, found)
        if self._collection.guard == "changed" and not self._compares:
            stale = self._requests.make(opened, found.record, tenant, is_stale=True)
            await self._prove_comparing(await stale)
        return judge(await self._store.ask(*request), self._changed)

    async def _write_if_unchanged(self, request: SealedRequest, found: _Found) -> Result | Again:
        """Write, unless the record is not `found` any more: by its ETag, or a last look."""
        if found.etag is not None:
            async with self._finding_out:
                if self._goes_by_etags is None and (result := await self._find_out(request, found)):
                    return result
            if self._goes_by_etags:
                return judge(await self._store.ask(*_if_match(request, found.etag)), self._changed)
        if await self._current(found.listed) != found:
            return AGAIN
        result = judge(await self._store.ask(*_if_match(request, found.etag)), self._changed)
        return result if result is AGAIN else result._replace(is_unguarded=True)

    async def _find_out(self, request: SealedRequest, found: _Found) -> Result | Again | None:
        """Learn whether the store goes by If-Match; a result where it has written regardless."""
        if await self._current(found.listed) != found:
            return AGAIN
        answer = await self._store.ask(*_if_match(request, NO_ETAG))
        check_busy(answer)
        self._goes_by_etags = answer.status in STALE
        is_written = answer.status < FIRST_NO_SUCCESS
        return Result(Outcome.WRITTEN, is_unguarded=True) if is_written else None

    async def _prove_comparing(self, stale: SealedRequest) -> None:
        """Misconfigured where the statement changes a record that is not what it compares with."""
        async with self._finding_out:
            if self._compares is None:
                answer = await self._store.ask(*stale)
                check_busy(answer)
                if answer.status < FIRST_NO_SUCCESS:  # or nothing is known, and the next one tells
                    self._compares = judge(answer, self._changed) is AGAIN
        if self._compares is False:
            raise Misconfigured(
                f"{self._collection.description.where}: `write` does not compare: a record was "
                "changed though its `{stored …}` values were others, so updates would be lost"
            )

    async def _current(self, listed: bytes) -> _Found | None:
        """The record as it stands now, if it still does."""
        if self._reading is None or self._read_slots is None:
            return _Found(listed, listed)
        collection = self._collection
        request = self._reading.request.fill(self._read_slots.of(listed, listed))
        tenant = collection.tenant_of(listed)
        answer = await self._store.read(request, collection.tenant_headers(tenant))
        if answer.status in GONE:
            return None
        check(answer)
        found = values_at(answer.body, collection.read_at)
        if not found:
            return None
        etag = find_header(answer.headers, b"etag")
        # A weak one never matches (RFC 9110 §13.1.1).
        return _Found(listed, found[0], None if etag is None or etag.startswith(b"W/") else etag)


def _if_match(request: SealedRequest, etag: bytes | None) -> SealedRequest:
    if etag is None:
        return request
    return request._replace(headers=(*request.headers, (b"If-Match", etag)))


def _code(error: SidecarError) -> str:
    return error.refusal if isinstance(error, NotPossible) else error.code
