# SPDX-License-Identifier: Apache-2.0
"""Trails with checkpoints, signed by a key of the test's: what a token does, without a token."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection

from sidecar.kms.audit.chain import Head, read_head
from sidecar.kms.audit.checkpoint import Checkpoint, Keys, key_id_of, note, state
from sidecar.kms.audit.event import Event
from sidecar.kms.audit.record import canonical
from sidecar.kms.audit.trail import write

NOW = 1_800_000_000


class Signer:
    """A key pair as a token has one."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.public = self._private.public_key()
        self.key_id = key_id_of(self.public)

    @property
    def keys(self) -> Keys:
        return {self.key_id: self.public}

    def checkpoint(self, head: Head, floor: int = 1, now: int = NOW) -> Checkpoint:
        statement = state(head, floor, now, self.key_id)
        signature = self._private.sign(statement.signed(), ec.ECDSA(hashes.SHA256()))
        return Checkpoint(statement, signature)

    def sign(self, connection: Connection, floor: int = 1, now: int = NOW) -> Head:
        """A checkpoint at the end of the trail."""
        head = write(connection, [self.checkpoint(read_head(connection), floor, now).told()])
        note(connection, head.sequence)
        return head

    def record(self, head: Head, floor: int = 1) -> str:
        """The text of a checkpoint after `head`."""
        return canonical(self.checkpoint(head, floor).told())


def event(action: str, now: int = NOW, request_id: str = "r") -> Event:
    """A call that nobody has proven to have made."""
    return Event(request_id, action, now, "cn-hangzhou", "kms", "192.0.2.1", "test")
