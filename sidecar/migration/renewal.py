# SPDX-License-Identifier: Apache-2.0
"""One record written again at its store: read, opened, sealed, written, unless somebody was faster.

Lost updates are prevented by what the description tells:

 - the record is read just before, and its ETag goes along as If-Match (RFC 9110 §13.1.1). Many
   stores send ETags and do not go by them, so the first write has one that cannot match: a store
   that takes it nevertheless is found out, with the loss of no update;
 - or the store counts what it changed, or refuses what is stale (`changed`, `guard: store`).

Where there is nothing to go by, the record is read a last time and compared, which leaves the
moment until the write open; such writes are counted. A record that was changed is read and tried
again, or without `read` left to the next sweep. A write that was not answered may have been done,
so what stands there is looked at before another.
"""

import asyncio
from enum import Enum, StrEnum
from typing import Final, NamedTuple

from sidecar.errors import KeyUnavailable, Misconfigured, Refused, SidecarError
from sidecar.message import find_header
from sidecar.migration.collection import Collection, SlotValues
from sidecar.migration.members import values_at
from sidecar.migration.purposes import Purpose
from sidecar.migration.records import NotPossible, State
from sidecar.migration.rehearsal import rehearse
from sidecar.migration.sealed_request import SealedRequest, SealedRequests
from sidecar.migration.store import Answer, StoreUnavailable

NO_ETAG = b'"no-etag-of-any-record"'
"""What a store that goes by If-Match refuses."""

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
    """An outcome; `why` where it failed, in names and statuses.

    `is_unguarded` where an update in the moment before the write would have been lost.
    """

    outcome: Outcome
    why: str = ""
    is_unguarded: bool = False


class _Found(NamedTuple):
    """A record as it stands in the store now, and the strong ETag that the store gives it.

    `listed` is how the listing showed it, by which it is read.
    """

    listed: bytes
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
        self._store = collection.store
        self._purpose = purpose
        self._dry_run = dry_run
        self._requests = SealedRequests(collection, description.writing.request)
        self._changed = description.writing.changed
        self._reading = description.reading
        self._read_slots = SlotValues(description.reading.request) if description.reading else None
        self._goes_by_etags: bool | None = None
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

    async def _attempt(self, listed: bytes, *, looks_again: bool) -> Result | _Again:
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
        return self._judge(await self._store.ask(*request))

    async def _write_if_unchanged(self, request: SealedRequest, found: _Found) -> Result | _Again:
        """Write, unless the record is not `found` any more: by its ETag, or a last look."""
        if found.etag is not None:
            async with self._finding_out:
                if self._goes_by_etags is None and (result := await self._find_out(request, found)):
                    return result
            if self._goes_by_etags:
                return self._judge(await self._store.ask(*_if_match(request, found.etag)))
        if await self._current(found.listed) != found:
            return AGAIN
        result = self._judge(await self._store.ask(*_if_match(request, found.etag)))
        return result if result is AGAIN else result._replace(is_unguarded=True)

    async def _find_out(self, request: SealedRequest, found: _Found) -> Result | _Again | None:
        """Learn whether the store goes by If-Match; a result where it has written regardless."""
        if await self._current(found.listed) != found:
            return AGAIN
        answer = await self._store.ask(*_if_match(request, NO_ETAG))
        if answer.is_busy:
            raise StoreUnavailable(f"{self._store.authority} says {answer.status}")
        self._goes_by_etags = answer.status in _STALE
        is_written = answer.status < _FIRST_NO_SUCCESS
        return Result(Outcome.WRITTEN, is_unguarded=True) if is_written else None

    async def _current(self, listed: bytes) -> _Found | None:
        """The record as it stands now, if it still does."""
        if self._reading is None or self._read_slots is None:
            return _Found(listed, listed)
        collection = self._collection
        request = self._reading.request.fill(self._read_slots.of(listed, listed))
        tenant = collection.tenant_of(listed)
        answer = await self._store.read(request, collection.tenant_headers(tenant))
        if answer.status in _GONE:
            return None
        _check(answer)
        found = values_at(answer.body, collection.read_at)
        if not found:
            return None
        etag = find_header(answer.headers, b"etag")
        # A weak one never matches (RFC 9110 §13.1.1).
        return _Found(listed, found[0], None if etag is None or etag.startswith(b"W/") else etag)

    def _judge(self, answer: Answer) -> Result | _Again:
        """What the store's answer to the write says."""
        if answer.status in _STALE:
            return AGAIN
        if answer.status in _GONE:
            return Result(Outcome.GONE)
        if answer.is_busy:
            raise StoreUnavailable(f"{self._store.authority} says {answer.status}")
        _check(answer)
        if self._changed is None:
            return Result(Outcome.WRITTEN)
        counts = values_at(answer.body, self._changed)
        if not counts or not all(count.isdigit() for count in counts):
            path = str(self._changed)
            raise NotPossible("uncounted", f"the store does not say at {path!r} what it changed")
        return Result(Outcome.WRITTEN) if any(int(count) for count in counts) else AGAIN


def _if_match(request: SealedRequest, etag: bytes | None) -> SealedRequest:
    if etag is None:
        return request
    return request._replace(headers=(*request.headers, (b"If-Match", etag)))


def _check(answer: Answer) -> None:
    if answer.status in _DENIED:
        raise Misconfigured(
            f"the store denies access ({answer.status}); are the description's `headers` right?"
        )
    if answer.status >= _FIRST_NO_SUCCESS:
        raise NotPossible(f"store_{answer.status}", "the store refuses this record")


def _code(error: SidecarError) -> str:
    return error.refusal if isinstance(error, NotPossible) else error.code
