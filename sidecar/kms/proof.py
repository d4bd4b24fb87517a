# SPDX-License-Identifier: Apache-2.0
"""What is proven before the KMS core listens: token, database, and that they belong together."""

import logging
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from sidecar.errors import Misconfigured, told
from sidecar.hsm import HsmThread, HsmUnavailable, KeyMissing, Token
from sidecar.kms.healing import heal
from sidecar.kms.service.in_process import unseal_material
from sidecar.kms.store import (
    Database,
    find_sealed,
    list_certificates_in_token,
    list_in_token,
    list_pairs,
)

PATIENCE_SECONDS = 120.0
"""A token takes its time to tell of ten thousand keys; nobody waits for an answer yet."""

logger = logging.getLogger(__name__)


def prove(hsm: HsmThread, database: Database) -> None:
    """Raise Misconfigured, in one sentence, where calls could not be served."""
    _on_token(hsm, Token.connect)
    if not _on_token(hsm, Token.has_anchor):
        raise Misconfigured(
            "the token was not made ready for this KMS: it has no anchor key; "
            "sidecar hsm prepare makes one"
        )
    if database.is_empty() and _held(hsm):
        # Served from an empty database, every CMK would be "not found" (law 7).
        raise Misconfigured(
            "the token holds keys and the database is empty: is it the right one? "
            "One that was lost has to be restored from a backup"
        )
    database.migrate()
    _bring_together(hsm, database)
    held = _held(hsm)
    with database.snapshot() as connection:
        named = list_in_token(connection) | list_certificates_in_token(connection)
        unclaimed = list_pairs(connection)
        sealed = find_sealed(connection)
    if missing := sorted(named - held):
        raise Misconfigured(
            f"{len(missing)} of {len(named)} keys in the database are not in the token, "
            f"{missing[0]} among them; token and database are not of one installation, "
            "or one of them is an old copy"
        )
    if sealed is not None:
        _prove_root_key(hsm, *sealed)
    for orphan in sorted(held - named - unclaimed):
        # Not what a crash leaves, which bears a mark: perhaps the database is an old copy, and this
        # key still opens what was sealed. So it is never destroyed.
        logger.warning("the token holds key %s, which the database does not name", orphan)


def _on_token[T](hsm: HsmThread, work: Callable[[Token], T]) -> T:
    try:
        return hsm.run(work, PATIENCE_SECONDS)
    except HsmUnavailable as error:
        raise Misconfigured(f"the HSM cannot be used: {error.why}") from error


def _held(hsm: HsmThread) -> set[str]:
    return {key_id.decode("latin-1") for key_id in _on_token(hsm, Token.list_key_ids)}


def _prove_root_key(hsm: HsmThread, version_id: str, sealed: bytes) -> None:
    """One that does not open one material opens none."""
    try:
        _on_token(hsm, lambda token: unseal_material(token, version_id, sealed))
    except KeyMissing as error:
        raise Misconfigured(
            f"{error.why}, which the database keeps sealed; token and database are not of one "
            "installation, or one of them is an old copy"
        ) from error


def _bring_together(hsm: HsmThread, database: Database) -> None:
    """What a token lacks and what a crash left is settled before anything is compared."""

    def work(token: Token) -> None:
        with database.transaction():
            token.prepare()  # replicas that start at once plant one root key: they share the lock
        heal(token, database)

    try:
        hsm.run(work, PATIENCE_SECONDS)
    except (HsmUnavailable, SQLAlchemyError) as error:
        raise Misconfigured(
            f"token and database cannot be brought together: {told(error)}"
        ) from error
