# SPDX-License-Identifier: Apache-2.0
"""The only way to carry out calls: with their records, or not at all.

    one transaction:  (admit ‖ act) for each call  →  their records  →  commit  →  answers

The answers come out of `carry_out` after the commit, so there is no answer without a record; where
a record cannot be written, the transaction is undone and the error is the caller's. A call that is
refused is undone too, but its record stays, and so does what `admit` did (the nonce of a refused
call must not serve again). Calls that share a transaction share the cost of making it durable, and
nothing else: each is undone by itself.

A stranger's refusals beyond a number are counted instead (`refusals.py`).
"""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection

from sidecar.hsm import Token
from sidecar.kms.audit import index, signing_key
from sidecar.kms.audit.chain import Head, append, read_head
from sidecar.kms.audit.checkpoint import Checkpoint, newest, note, read_floor, state
from sidecar.kms.audit.event import Event
from sidecar.kms.audit.record import Told, canonical
from sidecar.kms.audit.refusals import Refusals
from sidecar.kms.faults import Fault
from sidecar.kms.postponed import Postponed
from sidecar.kms.store import Database
from sidecar.kms.store.savepoint import savepoint


class Errand[T](Protocol):
    """One call: `admit` proves who calls, `act` decides and does; both may raise Fault.

    Both fill in the event. `act` may raise Postponed; anything else that they raise is recorded as
    an internal failure.
    """

    @property
    def event(self) -> Event: ...

    def admit(self, connection: Connection) -> None: ...

    def act(self, connection: Connection) -> T: ...


class Trail:
    """The trail in one database; what writes is used from the HSM thread alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._refusals = Refusals()
        self.unsigned = 0
        """Records that this process wrote after the newest checkpoint that it made."""

    def carry_out[T](self, errands: Sequence[Errand[T]]) -> list[T | Exception]:
        """What each call answered or raised, once all of them and their records are durable."""
        with self._database.transaction() as connection:
            outcomes = [_carry_out(connection, errand) for errand in errands]
            told = [
                told
                for errand, outcome in zip(errands, outcomes, strict=True)
                if not isinstance(outcome, Postponed)
                for told in self._about(errand.event)
            ]
            write(connection, told)
        self.unsigned += len(told)
        return outcomes

    def checkpoint(self, token: Token, now: int) -> Head:
        """Tell what was counted, and sign the chain as it stands; the head after it."""
        with self._database.transaction() as connection:
            write(connection, self._refusals.take(now))
            head = sign(connection, token, now, read_floor(connection))
        self.unsigned = 0
        return head

    def is_signed(self) -> bool:
        """Whether the trail ends with a checkpoint, whoever wrote to it."""
        with self._database.snapshot() as connection:
            standing = newest(connection)
            return standing is not None and standing.sequence == read_head(connection).sequence

    def has_counted(self, now: float) -> bool:
        """Whether there are counts of a minute that is over."""
        return self._refusals.has_counted(now)

    def _about(self, event: Event) -> list[Told]:
        """The records to write about a call; none for a stranger who was refused too often."""
        told = self._refusals.take(event.now) if self._refusals.is_over(event.now) else []
        is_strangers = event.caller is None and event.fault is not None
        if not is_strangers or self._refusals.gets_a_record(event.source_ip):
            told.append(event.told())
        return told


def write(connection: Connection, told: Sequence[Told]) -> Head:
    """Add records to the chain and to the index, in the caller's transaction; the new head."""
    head = append(connection, *map(canonical, told))
    index.add(connection, head.sequence + 1 - len(told), told)
    return head


def sign(connection: Connection, token: Token, now: int, floor: int) -> Head:
    """Sign the chain as it stands, as one that begins with record `floor`."""
    key = signing_key.find_or_make(connection, token, now)
    statement = state(read_head(connection), floor, now, key.key_id)
    checkpoint = Checkpoint(statement, key.sign(token, statement.signed()))
    head = write(connection, [checkpoint.told()])
    note(connection, head.sequence)
    return head


def _carry_out[T](connection: Connection, errand: Errand[T]) -> T | Exception:
    try:
        with savepoint(connection):
            errand.admit(connection)
        with savepoint(connection):
            return errand.act(connection)
    except Postponed as postponed:
        return postponed
    except Exception as error:  # noqa: BLE001 - it is the outcome
        errand.event.fault = error if isinstance(error, Fault) else Fault.internal()
        return error
