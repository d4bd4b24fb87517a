# SPDX-License-Identifier: Apache-2.0
"""The one line that every call goes along: authenticate → authorise → act → audit → answer.

A call is plain synchronous code on the HSM thread, inside a transaction of the database that it
shares with the calls that came at the same time. Its answer comes after the commit that made its
audit record durable; a call that cannot be recorded is not carried out. What goes wrong below
becomes a Fault here, and nowhere else.
"""

import dataclasses
import logging
import time
import traceback
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from sidecar.hsm import BadCiphertext, HsmThread, HsmUnavailable, KeyMissing, Token
from sidecar.kms.accounts import Account
from sidecar.kms.api.action import DRY_RUN, Action, Answer, Call
from sidecar.kms.api.key_facts import KeyFacts
from sidecar.kms.api.parameters import Arguments
from sidecar.kms.api.products import Product
from sidecar.kms.audit import Event, Trail
from sidecar.kms.authentication import Admitted, Authentication
from sidecar.kms.authorization import authorize
from sidecar.kms.faults import Fault
from sidecar.kms.healing import settle
from sidecar.kms.limits import Throttle
from sidecar.kms.pair_maker import PairMaker
from sidecar.kms.policy import RequestFacts
from sidecar.kms.ram.caller import Caller
from sidecar.kms.ram.directory import Directory
from sidecar.kms.regions import Regions
from sidecar.kms.request import Received
from sidecar.kms.rounds import Rounds, TooManyWaitError
from sidecar.kms.service.names import Place
from sidecar.kms.service.pair_making import PairKind
from sidecar.kms.service.ready_pairs import PairWanted
from sidecar.kms.store import Database, Shelf

PATIENCE_SECONDS = 9.0
"""How long a call waits for what it needs: the vendor's SDKs wait ten seconds for an answer."""

logger = logging.getLogger(__name__)

NOBODY = Account("", ())
"""The account of a call that is not signed: it owns nothing."""

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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pairs.close()

    async def call(self, received: Received) -> Answer:
        """What the call answers, once it is durable; raise Fault, and nothing but Fault."""
        try:
            return await self._carry_out(self._errand(received))
        except Fault:
            raise
        except (HsmUnavailable, TooManyWaitError, *DATABASE_AWAY) as error:
            # An SQLAlchemy error's text holds statements, so only its kind is told.
            why = error.why if isinstance(error, HsmUnavailable) else type(error).__name__
            logger.error("call %s was not carried out: %s", received.request_id, why)  # noqa: TRY400 - as above
            raise Fault.unavailable() from error
        except Exception as error:
            # Where it happened, not what it says: the text of an error may quote a value.
            where = "".join(traceback.format_tb(error.__traceback__))
            kind = type(error).__name__
            logger.error("call %s failed: %s at\n%s", received.request_id, kind, where)  # noqa: TRY400 - as above
            raise Fault.internal() from error

    async def _carry_out(self, errand: "_Errand") -> Answer:
        """In as many rounds as it takes: what a call waits for, others may take before it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await self._rounds.ask(errand)
            except PairWanted as wanted:
                errand.refused = await self._wait_for_pair(wanted.kind, until)

    async def _wait_for_pair(self, kind: PairKind, until: float) -> Fault | None:
        """Why the call cannot be done, which it tells in its record; None where it may be tried."""
        try:
            await self._pairs.make(kind, until - time.monotonic())
        except Fault as fault:
            return fault
        except (HsmUnavailable, *DATABASE_AWAY):
            return Fault.unavailable()
        return None

    async def _round(self, errands: Sequence["_Errand"]) -> list[Answer | Exception]:
        def work(token: Token) -> list[Answer | Exception]:
            now = int(self._clock())
            for errand in errands:
                errand.token, errand.event.now = token, now
            outcomes = self.trail.carry_out(errands)
            settle(token, self._database)
            return outcomes

        return await self._hsm.submit(work)

    def _errand(self, received: Received) -> "_Errand":
        event = Event(
            request_id=received.request_id,
            action="",
            now=0,
            region=self._regions.default,
            source=received.source,
            source_ip=received.source_ip,
            user_agent=received.find_header(b"user-agent"),
        )
        return _Errand(
            received,
            event,
            self._regions,
            self._directory,
            self._authentication,
            self._throttle,
        )


@dataclass(slots=True)
class _Errand:
    """One call on its way through its transaction."""

    received: Received
    event: Event
    regions: Regions
    directory: Directory
    authentication: Authentication
    throttle: Throttle
    token: Token = field(init=False)
    """Of the round."""
    admitted: Admitted | None = None
    is_counted: bool = False
    refused: Fault | None = None
    """What was waited for did not come."""

    def admit(self, connection: Connection) -> None:
        if self.admitted is None:  # else its nonce is used already: the call was postponed
            self.admitted = self.authentication.admit(
                connection, self.token, self.received, self.event
            )

    def act(self, connection: Connection) -> Answer:
        if self.refused is not None:
            raise self.refused
        admitted, caller = self.admitted, self.event.caller
        if admitted is None:
            raise Fault.internal()
        product = admitted.product
        action = _find_action(product, admitted.action)
        self.event.is_write = action.is_write
        if caller is not None and not self.is_counted:
            self.is_counted = True
            limit = caller.account.rates.of(action.rate)
            self.throttle.admit(caller.account.id, action.rate, limit, self.event.now)
        common = (DRY_RUN,) if product.has_dry_run else ()
        arguments = Arguments((*action.parameters, *common), admitted.parameters)
        self.event.parameters = arguments.audited
        call = self._call(connection, caller, arguments)
        is_dry_run = product.has_dry_run and call[DRY_RUN]
        try:
            self._check(call, product, action)
        except Fault as fault:
            if is_dry_run:
                raise Fault.dry_run_refusal(fault) from fault
            raise
        if is_dry_run:
            raise Fault.dry_run_passed()
        answer = _act(action, call)
        self.event.outcome = action.told(answer)
        self.event.key_id = self.event.outcome.get("KeyId", self.event.key_id)
        return answer

    def _call(self, connection: Connection, caller: Caller | None, arguments: Arguments) -> Call:
        account = caller.account if caller else NOBODY
        return Call(
            place=Place(self.event.region, account.id),
            arguments=arguments,
            connection=connection,
            shelf=Shelf(connection, account.id, self.event.region),
            token=self.token,
            quotas=account.quotas,
            regions=self.regions.served,
            now=self.event.now,
            new_id=lambda: str(uuid.uuid4()),
            origin=RequestFacts(self.received.source_ip, self.event.now, self.received.is_secure),
            directory=self.directory,
            caller=caller,
        )

    def _check(self, call: Call, product: Product, action: Action) -> None:
        """All that may refuse the call; what it is about must be there, in the right state."""
        call.target = target = action.target(call)
        self.event.key_id = target.cmk.key_id if target.cmk else None
        for one in target.every():
            if action.asks_ram and not action.is_unsigned:
                if call.caller is None:
                    raise Fault.internal()
                told = KeyFacts({**action.facts(call), **one.facts}, call.connection, one.cmk)
                facts = dataclasses.replace(call.origin, kms=told)
                authorize(call.caller, one.right or product.right(action), one, facts)
            if one.missing is not None:
                raise one.missing
            if one.cmk is not None:
                action.states(one.cmk.state)
        action.check(call)


def _find_action(product: Product, name: str) -> Action:
    if name in product.deferred:
        raise Fault.unsupported_operation()
    action = product.actions.get(name)
    if action is None:
        raise Fault.unknown_action()
    return action


def _act(action: Action, call: Call) -> Answer:
    try:
        return action.act(call)
    except BadCiphertext as error:
        raise Fault.invalid_parameter("CiphertextBlob") from error
    except KeyMissing as error:
        # The token is there and proved itself, but lost this key: no trying again helps, and yet
        # nobody asked for the key's deletion.
        logger.critical("%s: %s", " ".join(call.target.resources), error.why)
        raise Fault.wrong_state("Unavailable") from error
    except HsmUnavailable as error:
        logger.error("the HSM is away: %s", error.why)  # noqa: TRY400 - its cause is in the sentence
        raise Fault.unavailable() from error
