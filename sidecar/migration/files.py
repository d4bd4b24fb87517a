# SPDX-License-Identifier: Apache-2.0
"""A file written again with everything in it sealed: record by record, then read again, then named.

What stands between records stays as it is, and so do records in which nothing is due. The new file
gets its name only when it is whole and proved; one record that cannot be sealed, or a source that
somebody else writes at the same time, and there is none.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sidecar.draft import Draft
from sidecar.errors import Malformed, Misconfigured, Refused
from sidecar.fieldpath import FieldPath
from sidecar.file_stamp import stamp
from sidecar.migration.coverage import Auditor, Coverage
from sidecar.migration.members import as_text, values_at
from sidecar.migration.outcome import Outcome, Result
from sidecar.migration.purposes import Purpose, Sealing
from sidecar.migration.records import NotPossible, Records, State
from sidecar.migration.slices import Format, Slice
from sidecar.migration.tally import Tally

_TURN = 64
"""Records between two turns of the event loop, which hears signals and renews keys."""


class FileJob(NamedTuple):
    """What is done to a file: its format, its rule's records (of `limit` bytes at most), and why.

    `tenant_of` tells the tenant of a record's body; Malformed where it fails to.
    """

    form: Format
    records: Records
    purpose: Purpose
    tenant_of: Callable[[bytes], str]
    limit: int


class FileSweep:
    """One file; `stop` ends it early, `tell` hears how many bytes of how many are done."""

    def __init__(self, job: FileJob, stop: asyncio.Event, tell: Callable[[int, int], None]) -> None:
        self._job = job
        self._stop = stop
        self._tell = tell
        self.tally = Tally()

    async def write(self, source: Path, target: Path) -> Coverage | None:
        """Make `target` of `source`, where its coverage holds; None when told to stop.

        Raises:
            NotPossible: A record cannot be sealed; `why` tells its number.
            Misconfigured: A file cannot be read or written, or `source` is written meanwhile.
        """
        before = stamp(source)
        try:
            with open(source, "rb") as read, Draft(target) as draft:  # noqa: ASYNC230, PTH123 - all is here
                await self._seal(read, draft.file)
                coverage = await self._prove(draft.file)
                if self._stop.is_set():
                    return None
                if stamp(source) != before:
                    raise Misconfigured(f"{source}: somebody writes it meanwhile; seal it at rest")
                if coverage.holds:
                    draft.publish(os.fstat(read.fileno()).st_mode)
                return coverage
        except OSError as error:
            place = error.filename or target
            raise Misconfigured(f"{place}: {error.strerror}") from None

    async def _seal(self, source: BinaryIO, written: BinaryIO) -> None:
        async for piece in self._pieces(source, self._job.limit):
            written.write(piece.glue)
            if piece.record:
                written.write(await self._renewed(piece))
        written.flush()

    async def _prove(self, written: BinaryIO) -> Coverage:
        job = self._job
        # Digits look the same afterwards, so the proof does not ask for them.
        purpose = Sealing() if isinstance(job.purpose, Sealing) else job.purpose
        auditor = Auditor(job.records, purpose, job.tenant_of)
        written.seek(0)
        async for piece in self._pieces(written, job.limit):
            if piece.record:
                await auditor.look(piece.head + piece.record)
        return auditor.coverage

    async def _pieces(self, file: BinaryIO, limit: int) -> AsyncIterator[Slice]:
        """The slices of a file, until told to stop."""
        size = os.fstat(file.fileno()).st_size
        for number, piece in enumerate(self._job.form.cut(file, limit)):
            if number % _TURN == 0:
                self._tell(file.tell(), size)
                await asyncio.sleep(0)
            if self._stop.is_set():
                return
            yield piece

    async def _renewed(self, piece: Slice) -> bytes:
        """The record of a slice, sealed where that is due."""
        records = self._job.records
        body = piece.head + piece.record
        try:
            tenant = self._job.tenant_of(body)
            values = records.look(body)
            if not await self._job.purpose.is_due(values, tenant):
                self.tally.add(Result(Outcome.LEFT))
                return piece.record
            if any(value.state is State.SEALED for value in values):
                body = await records.open(body, tenant)
            sealed = await records.seal(body, tenant)
        except Refused as error:
            code = error.refusal if isinstance(error, NotPossible) else error.code
            raise NotPossible(code, f"record {self.tally.records + 1}: {error.why}") from None
        if not sealed.startswith(piece.head):
            raise Malformed("the codec has changed the head of the file")
        self.tally.add(Result(Outcome.WRITTEN))
        return sealed[len(piece.head) :]


def tenant_reader(form: Format, value: str, member: FieldPath | None) -> Callable[[bytes], str]:
    """What tells the tenant of a record: `value` for all, or a member of each."""
    if member is None:
        return lambda _: value
    path = form.record / member

    def tenant_of(body: bytes) -> str:
        text = as_text(values_at(body, path, form.media_type))
        if text is None:
            raise Malformed(f"it does not tell its tenant at {str(member)!r}")
        return text

    return tenant_of
