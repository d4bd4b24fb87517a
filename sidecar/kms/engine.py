# SPDX-License-Identifier: Apache-2.0
"""Carries out calls in rounds, and answers what is durable.

A call (`errand`) is plain synchronous code on the HSM thread, inside a transaction of the database
that it shares with the calls that came at the same time. Its answer comes after the commit that
made its audit record durable; a call that cannot be recorded is not carried out. One that has to
wait is asked again in a later round. What goes wrong below becomes a Fault here, and nowhere else.
"""

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Self

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from sidecar.errors import told
from sidecar.hsm import HsmThread, HsmUnavailable, Token
from sidecar.kms.api.action import Answer
from sidecar.kms.audit import Event, Trail
from sidecar.kms.authentication import Authentication
from sidecar.kms.errand import Errand
from sidecar.kms.faults import Fault
from sidecar.kms.healing import settle
from sidecar.kms.limits import Throttle
from sidecar.kms.pair_maker import PairMaker
from sidecar.kms.ram.directory import Directory
from sidecar.kms.regions import Regions
from sidecar.kms.request import Received
from sidecar.kms.rounds import Rounds, TooManyWaitError
from sidecar.kms.service.ready_pairs import PairWanted
from sidecar.kms.service.rsa_pairs import PairKind
from sidecar.kms.store import Database

PATIENCE_SECONDS = 9.0
"""How long a call waits for what it needs: the vendor's SDKs wait ten seconds for an answer."""

logger = logging.getLogger(__name__)

DATABASE_AWAY = (
    OperationalError,
    InterfaceError,
    InternalError,  # PostgreSQL undid the transaction of a process that stood still
    PendingRollbackError,  # the connection was lost before
    PoolTimeout,
)
"""What says that the database cannot be used now."""


class Engine:
    """Carries out calls for the callers in `directory`; the first of `regions` is the default."""

    def __init__(
        self,
        regions: Sequence[str],
        directory: Directory,
        hsm: HsmThread,
        database: Database,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._regions = Regions(regions)
        self._directory = directory
        self._authentication = Authentication(directory, self._regions)
        self._hsm = hsm
        self._database = database
        self.trail = Trail(database)
        self._clock = clock
        self._throttle = Throttle()
        self._rounds = Rounds(self._round)
        self._pairs = PairMaker(hsm, database, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pairs.close()

    async def call(self, received: Received) -> Answer:
        """What the call answers, once it is durable; raise Fault, and nothing but Fault."""
        try:
            return await self._carry_out(self._errand(received))
        except Fault:
            raise
        except (HsmUnavailable, TooManyWaitError, *DATABASE_AWAY) as error:
            logger.error("call %s was not carried out: %s", received.request_id, told(error))  # noqa: TRY400 - no statements
            raise Fault.unavailable() from error
        except Exception as error:
            # Where it happened, not what it says: the text of an error may quote a value.
            where = "".join(traceback.format_tb(error.__traceback__))
            kind = type(error).__name__
            logger.error("call %s failed: %s at\n%s", received.request_id, kind, where)  # noqa: TRY400 - as above
            raise Fault.internal() from error

    async def _carry_out(self, errand: Errand) -> Answer:
        """In as many rounds as it takes: what a call waits for, others may take before it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await self._rounds.ask(errand)
            except PairWanted as wanted:
                caller = errand.event.caller
                account = caller.account.id if caller else ""
                errand.refused = await self._wait_for_pair(wanted.kind, account, until)

    async def _wait_for_pair(self, kind: PairKind, account: str, until: float) -> Fault | None:
        """Why the call cannot be done, which it tells in its record; None where it may be tried."""
        try:
            await self._pairs.make(kind, account, until - time.monotonic())
        except Fault as fault:
            return fault
        except (HsmUnavailable, *DATABASE_AWAY):
            return Fault.unavailable()
        return None

    async def _round(self, errands: Sequence[Errand]) -> list[Answer | Exception]:
        def work(token: Token) -> list[Answer | Exception]:
            now = int(self._clock())
            for errand in errands:
                errand.token, errand.event.now = token, now
            outcomes = self.trail.carry_out(errands)
            settle(token, self._database)
            return outcomes

        return await self._hsm.submit(work)

    def _errand(self, received: Received) -> Errand:
        event = Event(
            request_id=received.request_id,
            action="",
            now=0,
            region=self._regions.default,
            source=received.source,
            source_ip=received.source_ip,
            user_agent=received.find_header(b"user-agent"),
        )
        return Errand(
            received,
            event,
            self._regions,
            self._directory,
            self._authentication,
            self._throttle,
        )
