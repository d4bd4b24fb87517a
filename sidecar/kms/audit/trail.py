# SPDX-License-Identifier: Apache-2.0
"""The only way to carry out a call: with its record, or not at all.

    one transaction:  admit ‖ act  →  record  →  commit  →  answer

The answer comes out of `carry_out` after the commit, so there is no answer without a record; where
the record cannot be written, the transaction is undone and the error is the caller's. A call that
is refused is undone too, but its record stays, and so does what `admit` did (the nonce of a refused
call must not serve again).
"""

from collections.abc import Callable

from sqlalchemy import Connection

from sidecar.kms.audit.chain import append
from sidecar.kms.audit.event import Event
from sidecar.kms.faults import Fault
from sidecar.kms.store import Database


def carry_out[T](
    database: Database,
    event: Event,
    admit: Callable[[Connection], None],
    act: Callable[[Connection], T],
) -> T:
    """What `act` answers, once it and the record of `event` are durable.

    `admit` proves who calls, `act` decides and does; both may raise Fault and fill in the event.
    Anything else that they raise is recorded as an internal failure and raised again.
    """
    with database.transaction() as connection:
        try:
            with connection.begin_nested():
                admit(connection)
            with connection.begin_nested():
                answer = act(connection)
        except Exception as error:  # noqa: BLE001 - raised again below, after its record is durable
            event.fault = error if isinstance(error, Fault) else Fault.internal()
            refusal = error
        else:
            append(connection, event.record())
            return answer
        append(connection, event.record())
    raise refusal
