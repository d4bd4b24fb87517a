# SPDX-License-Identifier: Apache-2.0
"""Signature nonces that were used, so that a recorded request cannot be sent a second time.

They live in the database because a replay must fail after a restart as well.
"""

import hashlib

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from sidecar.kms.store.schema import Nonce

_USE = insert(Nonce)


class NonceUsedError(Exception):
    """This access key has signed with this nonce before; the transaction must end here."""


def use(connection: Connection, access_key_id: str, nonce: str, now: int) -> None:
    """Remember that the nonce was used at `now` (seconds); the primary key is the check."""
    # A nonce is the client's text of any length; its row is 16 bytes.
    digest = hashlib.sha256(nonce.encode()).digest()[:16]
    try:
        connection.execute(_USE, {"access_key_id": access_key_id, "digest": digest, "seen_at": now})
    except IntegrityError:
        raise NonceUsedError from None


def forget(connection: Connection, before: int) -> None:
    """Drop the nonces of requests so old that their timestamp alone refuses a replay."""
    connection.execute(delete(Nonce).where(Nonce.seen_at < before))
