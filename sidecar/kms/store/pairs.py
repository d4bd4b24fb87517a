# SPDX-License-Identifier: Apache-2.0
"""RSA pairs that belong to nobody yet: those that are being made, and those that are ready.

A pair is named here before it is begun, so that no process takes it for one that a crash has left
in the token.
"""

from typing import NamedTuple

from sqlalchemy import Connection, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from sidecar.kms.store.schema import Table


class Pair(Table):
    """A pair; its id is the CKA_ID of its private half, perhaps with a prefix of ours."""

    __tablename__ = "pair"

    pair_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key_spec: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(16))
    level: Mapped[str] = mapped_column(String(16))
    begun_at: Mapped[int]
    public_key: Mapped[bytes | None]
    """None while it is being made."""
    sealed: Mapped[bytes | None]
    """The private half, where it is not in the token."""


class ReadyPair(NamedTuple):
    """A pair that can be used."""

    pair_id: str
    public: bytes
    sealed: bytes | None


class UnfinishedPair(NamedTuple):
    """A pair that was begun."""

    pair_id: str
    purpose: str


type Kind = tuple[str, str, str]
"""Key spec, purpose and level."""


class Pairs:
    """Reads and writes of pairs, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, pair_id: str, kind: Kind, now: int) -> None:
        key_spec, purpose, level = kind
        row = {"key_spec": key_spec, "purpose": purpose, "level": level}
        self._connection.execute(insert(Pair), {"pair_id": pair_id, "begun_at": now, **row})

    def finish(self, pair_id: str, public: bytes, sealed: bytes | None) -> None:
        """The pair is ready, unless it was given up meanwhile."""
        made = update(Pair).where(Pair.pair_id == pair_id)
        self._connection.execute(made.values(public_key=public, sealed=sealed))

    def list_ready(self, kind: Kind) -> list[ReadyPair]:
        """The pairs of one kind, the oldest first."""
        key_spec, purpose, level = kind
        asked = select(Pair.pair_id, Pair.public_key, Pair.sealed).where(
            Pair.key_spec == key_spec,
            Pair.purpose == purpose,
            Pair.level == level,
            Pair.public_key.is_not(None),
        )
        order = (Pair.begun_at, Pair.pair_id)
        return [ReadyPair._make(row) for row in self._connection.execute(asked.order_by(*order))]

    def list_unfinished(self, before: int) -> list[UnfinishedPair]:
        """Those that were begun before a time and never got ready."""
        asked = select(Pair.pair_id, Pair.purpose).where(
            Pair.begun_at < before, Pair.public_key.is_(None)
        )
        return [UnfinishedPair._make(row) for row in self._connection.execute(asked)]

    def drop(self, pair_id: str) -> None:
        """Somebody has it, or nobody will."""
        self._connection.execute(delete(Pair).where(Pair.pair_id == pair_id))


def forget_pairs(connection: Connection) -> None:
    """Nobody shall take any of them: perhaps they were taken after the database was copied."""
    connection.execute(delete(Pair))


def list_pairs(connection: Connection) -> frozenset[str]:
    """The ids of all pairs, which the token may hold."""
    return frozenset(connection.execute(select(Pair.pair_id)).scalars())
