# SPDX-License-Identifier: Apache-2.0
"""Signature nonces that were used, so that a recorded request cannot be sent a second time.

They live in the database because a replay must fail after a restart as well.
"""

import hashlib

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from sidecar.kms.store.schema import Nonce

_USE = insert(Nonce)


class NonceUsedError(Exception):
    """This access key has signed with this nonce before; the transaction must end here."""


def use(connection: Connection, access_key_id: str, nonce: str, signed_at: int) -> None:
    """Remember the nonce of a request that says this time (seconds); the primary key checks it."""
    # A nonce is the client's text of any length; its row is 16 bytes.
    digest = hashlib.sha256(nonce.encode()).digest()[:16]
    row = {"access_key_id": access_key_id, "digest": digest, "signed_at": signed_at}
    try:
        connection.execute(_USE, row)
    except IntegrityError:
        raise NonceUsedError from None


def forget(connection: Connection, before: int) -> int | None:
    """Drop the nonces of requests so old that their time alone refuses a replay.

    The newest of these times; None where there were none.
    """
    is_old = Nonce.signed_at < before
    asked = select(func.max(Nonce.signed_at)).where(is_old)
    newest: int | None = connection.execute(asked).scalar()
    if newest is not None:
        connection.execute(delete(Nonce).where(is_old))
    return newest
