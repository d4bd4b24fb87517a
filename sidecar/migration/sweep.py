# SPDX-License-Identifier: Apache-2.0
"""A sweep over a collection, page by page, and the proof behind it.

    journal → page → each record (a few at a time) → journal → … → read everything again

It may end at any moment, and goes on from its last whole page: what was written in the page that it
was in is found done. Told to stop, it finishes the records that it is at.
"""

import asyncio
from collections.abc import Callable, Iterator

from sidecar.errors import SidecarError
from sidecar.migration.collection import Collection
from sidecar.migration.coverage import Auditor, Coverage
from sidecar.migration.journal import Journal
from sidecar.migration.listing import pages
from sidecar.migration.outcome import Outcome
from sidecar.migration.purposes import Purpose
from sidecar.migration.renewal import Renewal
from sidecar.migration.tally import Tally


class Sweep:
    """One sweep; `stop` ends it early, `tell` hears how many records are done."""

    def __init__(
        self,
        collection: Collection,
        purpose: Purpose,
        stop: asyncio.Event,
        tell: Callable[[int], None],
    ) -> None:
        self._collection = collection
        self._purpose = purpose
        self._stop = stop
        self._tell = tell
        self._trouble: SidecarError | None = None
        self.tally = Tally()

    async def write(self, journal: Journal | None) -> None:
        """Write every record that is due; without a journal, only try what would be written.

        Raises:
            SidecarError: What ended the sweep before its time; the journal knows how far it came.
        """
        token = None
        if journal is not None:
            self.tally = Tally.of(journal.counts)
            token = journal.token
            if journal.is_swept:
                return
        renewal = Renewal(self._collection, self._purpose, dry_run=journal is None)
        resumes = self._collection.description.listing.paging.resumes
        async for page in pages(self._collection, token):
            await self._all(renewal, page.records)
            if self._stop.is_set():
                return
            if journal is not None and resumes and page.following is not None:
                journal.note(page.following, self.tally.counts())
        if journal is not None:
            journal.note_swept(self.tally.counts())

    async def prove(self) -> Coverage | None:
        """Read everything again; None when told to stop, for a part of it proves nothing."""
        collection = self._collection
        auditor = Auditor(collection.records, self._purpose, collection.tenant_of, collection.id_of)
        async for page in pages(collection):
            for record in page.records:
                await auditor.look(record)
            self._tell(auditor.coverage.records)
            if self._stop.is_set():
                return None
        return auditor.coverage

    async def _all(self, renewal: Renewal, records: list[bytes]) -> None:
        """Every record of a page, so many at a time; raises the first trouble when all rest."""
        waiting = iter(records)
        workers = [
            self._work(renewal, waiting) for _ in range(self._collection.description.concurrency)
        ]
        await asyncio.gather(*workers)
        if self._trouble is not None:
            raise self._trouble

    async def _work(self, renewal: Renewal, waiting: Iterator[bytes]) -> None:
        for record in waiting:
            if self._stop.is_set() or self._trouble is not None:
                return
            try:
                result = await renewal.renew(record)
            except SidecarError as error:
                self._trouble = error
                return
            is_failed = result.outcome is Outcome.FAILED
            self.tally.add(result, self._collection.id_of(record) if is_failed else "")
            self._tell(self.tally.records)
