# SPDX-License-Identifier: Apache-2.0
"""Carries the trail to a sink, on a thread of its own, behind the calls and never in their way.

    read what is committed  →  deliver  →  note how far  →  again

At least once: what was delivered and could not be noted is delivered again. A sink that fails is
tried again, with pauses that grow up to a minute; the log tells when it begins to fail and when it
takes records again. At the end of the process what is left is delivered if the sink is quick.
"""

import logging
import threading
import time
import uuid

from sidecar.errors import told
from sidecar.kms.audit.chain import START, Link, read
from sidecar.kms.audit.exporting import cursor
from sidecar.kms.audit.exporting.sink import Sink
from sidecar.kms.audit.verification import Claim, digest_before
from sidecar.kms.store import Database

BATCH = 500
POLL_SECONDS = 1.0
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
LAST_WORDS_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Exporter:
    """One export, from `start` until `stop`."""

    def __init__(self, name: str, sink: Sink, database: Database) -> None:
        self._name = name
        self._sink = sink
        self._database = database
        self._holder = str(uuid.uuid4())
        self._stop = threading.Event()
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name=f"audit export {name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Deliver what is left, as far as that goes in a few seconds."""
        self._stop.set()
        self._thread.join(2 * LAST_WORDS_SECONDS)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            try:
                wait = 0.0 if self.carry() else POLL_SECONDS
            except Exception as error:  # noqa: BLE001 - whatever it is, the records are still there
                self._tell_failure(error)
                wait, pause = pause, min(2 * pause, LONGEST_PAUSE)
            else:
                pause = FIRST_PAUSE
            self._stop.wait(wait)
        self._finish()
        self._sink.close()

    def _finish(self) -> None:
        deadline = time.monotonic() + LAST_WORDS_SECONDS
        try:
            while time.monotonic() < deadline and self.carry():
                pass
        except Exception as error:  # noqa: BLE001 - likewise
            self._tell_failure(error)

    def carry(self) -> bool:
        """Deliver one batch; False where there is nothing to deliver, or it is another's turn."""
        now = int(time.time())
        with self._database.snapshot() as connection:
            at = cursor.find(connection, self._name) or cursor.Cursor()
            links = list(read(connection, after=at.sequence, count=BATCH))
            if not links or not at.is_free_for(self._holder, now):
                return False
            previous = digest_before(connection, links[0])
        if at.holder != self._holder or at.until <= now:
            with self._database.transaction() as connection:
                if not cursor.claim(connection, self._name, self._holder, now):
                    return False
        self._warn_of_gap(at.sequence, links[0])
        self._sink.deliver(_claims(links, previous))
        with self._database.transaction() as connection:
            cursor.advance(connection, self._name, self._holder, links[-1].sequence, now)
        self._tell_success()
        return True

    def _warn_of_gap(self, reached: int, first: Link) -> None:
        if first.sequence > reached + 1 > START.sequence + 1:
            last = first.sequence - 1
            logger.error(
                "audit export %s: records %d to %d were pruned before they were exported",
                *(self._name, reached + 1, last),
            )

    def _tell_failure(self, error: Exception) -> None:
        if not self._is_failing:
            logger.error("audit export %s waits and tries again: %s", self._name, told(error))
        self._is_failing = True

    def _tell_success(self) -> None:
        if self._is_failing:
            logger.warning("audit export %s goes on", self._name)
        self._is_failing = False


def _claims(links: list[Link], previous: bytes) -> list[Claim]:
    claims = []
    for link in links:
        claims.append(Claim(link, previous))
        previous = link.digest
    return claims
