# SPDX-License-Identifier: Apache-2.0
"""Token and database brought together again, after rounds that made or destroyed keys and at start.

The database decides. A key that it names stays, and its mark goes; one that it does not name was
never answered for, or its end was: it is destroyed. Whoever makes keys holds the lock of the
database until that is settled, so with the lock in hand every mark is of something that is over.
"""

import logging

from sqlalchemy.exc import SQLAlchemyError

from sidecar.errors import SidecarError, told
from sidecar.hsm import Token
from sidecar.kms.store import Database, is_named

logger = logging.getLogger(__name__)


def heal(token: Token, database: Database) -> None:
    """Settle every key with a mark; raise what token and database raise."""
    if not token.list_pending():
        return
    with database.transaction() as connection:
        for key_id in token.list_pending():
            token.settle(key_id, keep=is_named(connection, key_id))


def settle(token: Token, database: Database) -> None:
    """After a round: settle what it began. Where that fails, the next look does it."""
    if not token.has_pending:
        return
    try:
        heal(token, database)
    except (SidecarError, SQLAlchemyError) as error:
        logger.warning("keys that were made or destroyed have to be settled later: %s", told(error))
