# SPDX-License-Identifier: Apache-2.0
"""Whether calls could be served now: the token does its work, and the database answers.

Anybody may ask, so an answer is good for a moment and a crowd of askers costs one question.
"""

import asyncio
import logging
import time

from sqlalchemy import text

from sidecar.errors import SidecarError
from sidecar.hsm import HsmThread, Token
from sidecar.kms.store import Database

GOOD_FOR_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Health:
    """Asks the token and the database of one core."""

    def __init__(self, hsm: HsmThread, database: Database) -> None:
        self._hsm = hsm
        self._database = database
        self._lock = asyncio.Lock()
        self._asked_at = -GOOD_FOR_SECONDS
        self._is_ready = True

    def is_alive(self) -> bool:
        """A module that hangs in a call hangs for ever; only a new process helps."""
        return not self._hsm.is_wedged

    async def is_ready(self) -> bool:
        async with self._lock:
            if time.monotonic() - self._asked_at >= GOOD_FOR_SECONDS:
                was_ready, self._is_ready = self._is_ready, await self._ask()
                self._asked_at = time.monotonic()
                if was_ready != self._is_ready:
                    logger.warning("ready for calls: %s", "again" if self._is_ready else "no more")
        return self._is_ready

    async def _ask(self) -> bool:
        try:
            return await self._hsm.submit(self._work)
        except SidecarError:
            return False

    def _work(self, token: Token) -> bool:
        with self._database.snapshot() as connection:
            connection.execute(text("SELECT 1"))
        return token.has_anchor()
