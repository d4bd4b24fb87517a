# SPDX-License-Identifier: Apache-2.0
"""Has RSA pairs made in a process of their own, so that no call waits for those of others.

    name the pair in the database  →  `pair_process` makes it  →  it is ready for whoever takes it

One is made after the other, however many ask: pairs cost one core and bounded lines, not the
service. The accounts that wait have one made each, and one each again. Whoever has waited for long
enough hears that the service is busy; their pair is made all the same, and is there when they ask
again.
"""

import asyncio
import base64
import contextlib
import json
import logging
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from sidecar.hsm import HsmThread, HsmUnavailable, Token
from sidecar.kms.faults import Fault
from sidecar.kms.healing import heal
from sidecar.kms.service.ready_pairs import drop_lost
from sidecar.kms.service.rsa_pairs import MadePair, PairKind, name_in_token
from sidecar.kms.store import Database, Pairs
from sidecar.kms.turns import Turns
from sidecar.own_module import OWN_MODULE

MAX_ORDERS = 8
"""Pairs that one account may wait for at a time."""
PAIR_SECONDS = 120.0
"""After this a process is not making a pair any more; RSA_4096 takes up to half a minute."""
END_SECONDS = 10.0
"""How long a process may take to let the token go."""
LOST_SECONDS = 3600
"""After this a pair that was begun is not finished by any replica."""

logger = logging.getLogger(__name__)


class PairMaker:
    """Makes pairs with the token of `hsm`; its thread and its process begin with the first."""

    def __init__(
        self, hsm: HsmThread, database: Database, clock: Callable[[], float] = time.time
    ) -> None:
        self._hsm = hsm
        self._database = database
        self._clock = clock
        self._orders: dict[Future[None], str] = {}
        """What is waited for, or being made, and the accounts that wait."""
        self._turns: Turns[tuple[PairKind, Future[None]]] = Turns()
        self._executor = ThreadPoolExecutor(1, "pairs")
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    async def make(self, kind: PairKind, account: str, patience: float) -> None:
        """Return when there is one pair more; raise Fault where that takes `patience` seconds."""
        if list(self._orders.values()).count(account) >= MAX_ORDERS:
            raise Fault.throttled()
        order = self._order(kind, account)
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(order)), patience)
        except TimeoutError:
            raise Fault.unavailable() from None

    def make_now(self, kind: PairKind) -> None:
        """Return when there is one pair more; raise HsmUnavailable."""
        self._order(kind, "").result()

    def close(self) -> None:
        """Make no more; what was begun is given up."""
        self._is_closed = True
        for order in list(self._orders):
            order.cancel()
        if (process := self._process) is not None:
            _tell_end(process)
        self._executor.shutdown(cancel_futures=True)
        self._end_process()

    def _order(self, kind: PairKind, account: str) -> Future[None]:
        order: Future[None] = Future()
        self._orders[order] = account
        order.add_done_callback(self._orders.pop)
        self._turns.add(account, (kind, order))
        self._executor.submit(self._serve)
        return order

    def _serve(self) -> None:
        """Carry out the order whose turn it is, which need not be the one that led here."""
        kind, order = self._turns.take()
        if not order.set_running_or_notify_cancel():
            return
        try:
            self._make(kind)
        except Exception as error:  # noqa: BLE001 - whoever waits hears of it
            order.set_exception(error)
        else:
            order.set_result(None)

    def _make(self, kind: PairKind) -> None:
        """On the one thread of pairs."""
        pair_id, made = str(uuid.uuid4()), None
        self._hsm.run(lambda token: self._begin(token, pair_id, kind))
        try:
            made = self._ask(pair_id, kind)
        except HsmUnavailable as error:
            logger.error("no pair was made: %s", error.why)  # noqa: TRY400 - its cause is in the sentence
            raise
        finally:
            if made is None or len(self._orders) <= 1:
                self._end_process()  # before what it left is settled
            self._hsm.run(lambda token: self._finish(token, pair_id, kind, made))

    def _begin(self, token: Token, pair_id: str, kind: PairKind) -> None:
        now = int(self._clock())
        with self._database.transaction() as connection:
            pairs = Pairs(connection)
            for lost in pairs.list_unfinished(now - LOST_SECONDS):
                token.give_up(name_in_token(lost.pair_id, lost.purpose))
                pairs.drop(lost.pair_id)
            drop_lost(token, pairs, kind)
            pairs.begin(pair_id, kind, now)

    def _finish(self, token: Token, pair_id: str, kind: PairKind, made: MadePair | None) -> None:
        with self._database.transaction() as connection:
            pairs = Pairs(connection)
            if made is not None:
                pairs.finish(pair_id, made.public, made.sealed)
            else:
                token.give_up(name_in_token(pair_id, kind.purpose))
                pairs.drop(pair_id)
        heal(token, self._database)

    def _ask(self, pair_id: str, kind: PairKind) -> MadePair:
        """Let the process make the pair; raise HsmUnavailable."""
        process = self._process = self._process or self._start_process()
        if self._is_closed:  # `close` looked before there was a process
            _tell_end(process)
        assert process.stdin is not None  # noqa: S101 - as it was started
        assert process.stdout is not None  # noqa: S101 - as it was started
        hangs = threading.Timer(PAIR_SECONDS, process.kill)
        hangs.start()
        try:
            process.stdin.write(json.dumps([pair_id, *kind]).encode() + b"\n")
            process.stdin.flush()
            told = json.loads(process.stdout.readline())
        except (OSError, ValueError) as error:
            raise HsmUnavailable("the process that makes pairs has ended") from error
        finally:
            hangs.cancel()
        if "public" not in told:
            raise HsmUnavailable(told["why"])
        sealed = told.get("sealed")
        return MadePair(base64.b64decode(told["public"]), sealed and base64.b64decode(sealed))

    def _start_process(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - this very program
            [*OWN_MODULE, "sidecar.kms.pair_process", str(self._hsm.uri)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # it ends with our end, not by a terminal's signals
        )

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _tell_end(process)
        with process:
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _tell_end(process: subprocess.Popen[bytes]) -> None:
    """The end of its input is its end; one that is killed may be in the middle of a login."""
    assert process.stdin is not None  # noqa: S101 - as it was started
    with contextlib.suppress(OSError):
        process.stdin.close()
