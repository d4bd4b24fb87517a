# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: a signature over the chain as it stood, made by a key that never leaves the token.

A checkpoint is a record of the chain itself. It states the head before it and the number of the
record that the trail begins with (`floor`; 1 until the trail is pruned), and signs

    envelope-sidecar/kms/audit/checkpoint/1 ⏎ head's number ⏎ head's digest (hex) ⏎ floor ⏎
    eventTime ⏎ id of the key

with ECDSA over P-256 and SHA-256 (FIPS 186-5), written as DER in Base64. So whoever holds the
public key can tell that every record up to the newest checkpoint is what the KMS wrote: to write
another history, one would need the token.
"""

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from sqlalchemy import Connection, select, update

from sidecar.errors import Misconfigured
from sidecar.kms.audit import index
from sidecar.kms.audit.chain import Head
from sidecar.kms.audit.record import SERVICE_EVENT, Told, service_event, written
from sidecar.kms.store import AuditHead, AuditRecord

NAME = "AuditCheckpoint"
_DOMAIN = "envelope-sidecar/kms/audit/checkpoint/1"
# Quotes inside a JSON text are escaped, so nothing that a caller sends can spell this.
_MARK = f'"eventType":"{SERVICE_EVENT}"'

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_KEY_ID = re.compile(r"[0-9a-f]{32}")
_MAX_NUMBER = 10**18
"""Databases count so far, and lines of an export are not longer."""

type Keys = Mapping[str, ec.EllipticCurvePublicKey]
"""The public keys that are trusted, by their ids."""


class Statement(NamedTuple):
    """What a checkpoint says and signs."""

    head: Head
    floor: int
    time: str
    key_id: str

    def signed(self) -> bytes:
        """The bytes under the signature."""
        number, digest = self.head
        lines = (_DOMAIN, str(number), digest.hex(), str(self.floor), self.time, self.key_id)
        return "\n".join(lines).encode()


class Checkpoint(NamedTuple):
    """A statement with its signature."""

    statement: Statement
    signature: bytes

    @classmethod
    def find(cls, record: str) -> Self | None:
        """The checkpoint that `record` is, or None; raise ValueError for one that is misspelt."""
        if _MARK not in record:
            return None
        try:
            told = json.loads(record)
            if told["eventType"] != SERVICE_EVENT or told["eventName"] != NAME:
                return None
            data = told["additionalEventData"]
            digest = bytes.fromhex(_spelt(_DIGEST, data["digest"]))
            statement = Statement(
                Head(_number(data["sequence"]), digest),
                _number(data["floor"]),
                _spelt(_TIME, told["eventTime"]),
                _spelt(_KEY_ID, data["keyId"]),
            )
            return cls(statement, base64.b64decode(data["signature"], validate=True))
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError from error

    def told(self) -> Told:
        """The record of it, but for the time, which the statement has."""
        statement = self.statement
        data = {
            "sequence": statement.head.sequence,
            "digest": statement.head.digest.hex(),
            "floor": statement.floor,
            "keyId": statement.key_id,
            "signature": base64.b64encode(self.signature).decode(),
        }
        event = service_event(NAME, str(uuid.uuid4()).upper(), 0, data)
        return {**event, "eventTime": statement.time}

    def is_signed_by(self, key: ec.EllipticCurvePublicKey) -> bool:
        try:
            key.verify(self.signature, self.statement.signed(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


def state(head: Head, floor: int, now: int, key_id: str) -> Statement:
    """The statement to sign at `now`."""
    return Statement(head, floor, written(now), key_id)


class Standing(NamedTuple):
    """A checkpoint and the number of the record that it is."""

    sequence: int
    checkpoint: Checkpoint


def note(connection: Connection, sequence: int) -> None:
    """Remember which record is the newest checkpoint; its time does not tell: clocks are set."""
    connection.execute(update(AuditHead).values(checkpoint=sequence))


def newest(connection: Connection) -> Standing | None:
    """The newest checkpoint of the trail; None where there is none, or what is there is none."""
    stands = AuditRecord.sequence == AuditHead.checkpoint
    asked = select(AuditRecord.sequence, AuditRecord.record).join(AuditHead, stands)
    row = connection.execute(asked).first()
    return _standing(row.sequence, row.record) if row else None


def find_before(connection: Connection, time: int) -> Standing | None:
    """The newest checkpoint that was made before a time (seconds since 1970)."""
    query = index.Query("", "", 0, time - 1, {index.Attribute.EventName: NAME})
    for position, record in index.search(connection, query, 1).found:
        return _standing(position.sequence, record)
    return None


def _standing(sequence: int, record: str) -> Standing | None:
    try:
        checkpoint = Checkpoint.find(record)
    except (ValueError, TypeError):  # somebody wrote to it; verification says where
        return None
    return Standing(sequence, checkpoint) if checkpoint else None


def read_floor(connection: Connection) -> int:
    """The number of the record that the trail begins with, as the newest checkpoint has it."""
    standing = newest(connection)
    return standing.checkpoint.statement.floor if standing else 1


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MAX_NUMBER:
        raise ValueError
    return value


def _spelt(form: re.Pattern[str], value: str) -> str:
    """The text, which is told to people as it stands."""
    if not form.fullmatch(value):
        raise ValueError
    return value


def key_id_of(key: ec.EllipticCurvePublicKey) -> str:
    """The id of a key: the first half of the SHA-256 of its SubjectPublicKeyInfo, in hex."""
    told = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(told).hexdigest()[:32]


def read_key(pem: bytes, name: str) -> ec.EllipticCurvePublicKey:
    """The public key in the PEM of the file `name`; raise Misconfigured."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise Misconfigured(f"{name}: is no public key as `audit public-key` prints it")
    return key
