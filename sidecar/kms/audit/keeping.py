# SPDX-License-Identifier: Apache-2.0
"""What is done about the trail beside the calls: it is signed from time to time, and carried on.

The trail is signed when the KMS starts, after so many records or so many seconds with new ones, and
when the KMS ends. A token that is away delays a checkpoint and refuses no call for it; the next one
speaks for the same records.
"""

import logging
import math
import threading
import time
from typing import Self

from sidecar.errors import told
from sidecar.hsm import HsmThread
from sidecar.kms.audit.exporting import make_exporter
from sidecar.kms.audit.settings import AuditSettings
from sidecar.kms.audit.trail import Trail
from sidecar.kms.store import Database

LOOK_SECONDS = 0.5

logger = logging.getLogger(__name__)


class Keeper:
    """Keeps one trail while it is entered; raise Misconfigured where an export cannot begin."""

    def __init__(
        self, trail: Trail, hsm: HsmThread, database: Database, settings: AuditSettings
    ) -> None:
        self._trail = trail
        self._hsm = hsm
        self._settings = settings
        self._exporters = [make_exporter(one, database) for one in settings.exports]
        self._stop = threading.Event()
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="audit keeper", daemon=True)

    def __enter__(self) -> Self:
        self._sign(time.time())
        self._thread.start()
        for exporter in self._exporters:
            exporter.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._sign(math.inf)  # whatever was counted, its minute is over
        for exporter in self._exporters:
            exporter.stop()

    def _run(self) -> None:
        looked_at = time.monotonic()
        while not self._stop.wait(LOOK_SECONDS):
            is_time = time.monotonic() - looked_at >= self._settings.checkpoint_seconds
            if is_time:
                looked_at = time.monotonic()
            if is_time or self._has_much(time.time()):
                self._sign(time.time())

    def _has_much(self, now: float) -> bool:
        is_long = self._trail.unsigned >= self._settings.checkpoint_records
        return is_long or self._trail.has_counted(now)

    def _sign(self, now: float) -> None:
        """Sign the trail, unless it ends with a checkpoint and nothing was counted."""
        try:
            if not self._trail.is_signed() or self._has_much(now):
                self._hsm.run(lambda token: self._trail.checkpoint(token, int(time.time())))
        except Exception as error:  # noqa: BLE001 - whatever it is, the next one speaks for all
            if not self._is_failing:
                logger.error("the audit trail could not be signed: %s", told(error))  # noqa: TRY400 - no statements
            self._is_failing = True
        else:
            self._is_failing = False
