# SPDX-License-Identifier: Apache-2.0
"""Credentials that end: access keys of roles, each bound to a security token.

A security token is 256 random bits; of it only a digest is kept, and of the secret only what the
token of the HSM sealed. So the database gives nobody a session, and a session ends when its row
goes: by its time, or because its role went or had its sessions revoked.
"""

import secrets
from typing import NamedTuple

from sqlalchemy import Connection, delete
from sqlalchemy.orm import Session

from sidecar.hsm import Token
from sidecar.kms.ram.caller import digest_of
from sidecar.kms.ram.names import new_access_key_id, new_secret
from sidecar.kms.service.sealing import seal
from sidecar.kms.store.ram_tables import RamRole, StsSession

MIN_SECONDS = 900
MAX_SECONDS = 43200
MIN_MAX_SESSION = 3600
"""The shortest MaxSessionDuration of a role."""
CHAINED_SECONDS = 3600
"""The longest session of one who is a role already."""
KEPT_SECONDS = 86400
"""For a day the owner of a session that ended hears so, and not that there is no such key."""


class Terms(NamedTuple):
    """What a session is made of: its name, from and to when (Unix seconds), within which policy."""

    name: str
    now: int
    seconds: int
    policy: str


class Credentials(NamedTuple):
    """What its owner is told, once."""

    access_key_id: str
    secret: str
    security_token: str
    expires_at: int


def session_purpose(access_key_id: str) -> str:
    """What a session's secret is sealed for."""
    return f"sts-session/{access_key_id}"


def open_session(connection: Connection, token: Token, role: RamRole, terms: Terms) -> Credentials:
    """New credentials for `role`."""
    _forget(connection, terms.now - KEPT_SECONDS)
    made = Credentials(
        access_key_id=new_access_key_id("STS."),
        secret=new_secret(),
        security_token=secrets.token_urlsafe(32),
        expires_at=terms.now + terms.seconds,
    )
    sealed = seal(token, made.secret.encode(), session_purpose(made.access_key_id))
    with Session(connection, join_transaction_mode="rollback_only") as rows:
        rows.add(
            StsSession(
                access_key_id=made.access_key_id,
                account=role.account,
                role_id=role.id,
                name=terms.name,
                sealed_secret=sealed,
                token_digest=digest_of(made.security_token),
                policy=terms.policy,
                created_at=terms.now,
                expires_at=made.expires_at,
            )
        )
        rows.flush()
    return made


def find_session(connection: Connection, access_key_id: str) -> StsSession | None:
    """The session of an access key, also one that has ended."""
    return Session(connection, join_transaction_mode="rollback_only").get(StsSession, access_key_id)


def revoke_sessions(connection: Connection, role: RamRole) -> int:
    """End every session of a role; how many there were. The caller changes the revision."""
    ended = connection.execute(
        delete(StsSession).where(StsSession.account == role.account, StsSession.role_id == role.id)
    )
    return ended.rowcount


def _forget(connection: Connection, before: int) -> None:
    connection.execute(delete(StsSession).where(StsSession.expires_at < before))
