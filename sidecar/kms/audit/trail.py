# SPDX-License-Identifier: Apache-2.0
"""The only way to carry out calls: with their records, or not at all.

    one transaction:  (admit ‖ act  →  record)  for each call  →  commit  →  answers

The answers come out of `carry_out` after the commit, so there is no answer without a record; where
a record cannot be written, the transaction is undone and the error is the caller's. A call that is
refused is undone too, but its record stays, and so does what `admit` did (the nonce of a refused
call must not serve again). Calls that share a transaction share the cost of making it durable, and
nothing else: each is undone by itself.
"""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection

from sidecar.kms.audit.chain import append
from sidecar.kms.audit.event import Event
from sidecar.kms.faults import Fault
from sidecar.kms.store import Database


class Errand[T](Protocol):
    """One call: `admit` proves who calls, `act` decides and does; both may raise Fault.

    Both fill in the event. Anything else that they raise is recorded as an internal failure.
    """

    @property
    def event(self) -> Event: ...

    def admit(self, connection: Connection) -> None: ...

    def act(self, connection: Connection) -> T: ...


def carry_out[T](database: Database, errands: Sequence[Errand[T]]) -> list[T | Exception]:
    """What each call answered or raised, once all of them and their records are durable."""
    with database.transaction() as connection:
        return [_carry_out(connection, errand) for errand in errands]


def _carry_out[T](connection: Connection, errand: Errand[T]) -> T | Exception:
    outcome: T | Exception
    try:
        with connection.begin_nested():
            errand.admit(connection)
        with connection.begin_nested():
            outcome = errand.act(connection)
    except Exception as error:  # noqa: BLE001 - it is the outcome
        errand.event.fault = error if isinstance(error, Fault) else Fault.internal()
        outcome = error
    append(connection, errand.event.record())
    return outcome
