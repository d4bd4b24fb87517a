# SPDX-License-Identifier: Apache-2.0
"""The key that signs checkpoints: an EC P-256 pair whose private half never leaves the token.

Its public half stands in the database, from where `sidecar kms audit public-key` hands it out. That
both belong together is proven each time before the key is used, with a signature: a public key that
somebody laid into the database is of no use to him.
"""

import hashlib
import logging
import uuid
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from sqlalchemy import Connection, insert, select

from sidecar.hsm import KeyMissing, Token, making, signatures
from sidecar.kms.audit.checkpoint import key_id_of
from sidecar.kms.store import AuditKey

LABEL = "envelope-sidecar audit"
_ID = b"envelope-sidecar:audit:"
_PROOF = b"envelope-sidecar/kms/audit/proof of the key/1"

logger = logging.getLogger(__name__)


class SigningKey(NamedTuple):
    """A key that was proven."""

    key_id: str
    token_id: bytes
    public: ec.EllipticCurvePublicKey

    def sign(self, token: Token, data: bytes) -> bytes:
        """ECDSA with SHA-256 over `data`, as DER."""
        return signatures.sign_ecdsa(token, self.token_id, hashlib.sha256(data).digest())

    def pem(self) -> str:
        """The public half, as OpenSSL reads it."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def is_proven(self, token: Token) -> bool:
        try:
            signature = self.sign(token, _PROOF)
            self.public.verify(signature, _PROOF, ec.ECDSA(hashes.SHA256()))
        except (KeyMissing, InvalidSignature):
            return False
        return True


def find(connection: Connection, token: Token) -> SigningKey | None:
    """The newest key of the database that the token proves to hold."""
    newest = select(AuditKey).order_by(AuditKey.created_at.desc(), AuditKey.key_id)
    for row in connection.execute(newest):
        key = _loaded(row.token_id, row.public_key)
        if key is not None and key.is_proven(token):
            return key
    return None


def find_or_make(connection: Connection, token: Token, now: int) -> SigningKey:
    """The key of this KMS, made where there is none; in a transaction that is alone (law 7)."""
    key = find(connection, token)
    if key is not None:
        return key
    token_id = str(uuid.uuid4())
    made = making.ec(_ID + token_id.encode(), LABEL, "secp256r1")
    public = token.make(_ID + token_id.encode(), made)
    key = _loaded(token_id, public)
    if key is None:
        raise ValueError("the token made another key than it was asked for")
    row = {"key_id": key.key_id, "token_id": token_id, "public_key": public, "created_at": now}
    connection.execute(insert(AuditKey), row)
    logger.info("checkpoints of the audit trail are signed by key %s from now on", key.key_id)
    return key


def _loaded(token_id: str, public_key: bytes) -> SigningKey | None:
    public = load_der_public_key(public_key)
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return None
    return SigningKey(key_id_of(public), _ID + token_id.encode(), public)
