# SPDX-License-Identifier: Apache-2.0
"""What is proven before the KMS core listens: token, database, and that they belong together."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, HsmUnavailable, KeyMissing, Token
from sidecar.kms.healing import heal
from sidecar.kms.service.in_process import unseal_material
from sidecar.kms.store import Database, find_sealed, list_certificates_in_token, list_in_token

logger = logging.getLogger(__name__)


def prove(hsm: HsmThread, database: Database) -> None:
    """Raise Misconfigured, in one sentence, where calls could not be served."""
    try:
        if not hsm.run(Token.has_anchor):
            raise Misconfigured("the token was not made ready for this KMS: it has no anchor key")
        hsm.run(Token.prepare)
    except HsmUnavailable as error:
        raise Misconfigured(f"the HSM cannot be used: {error.why}") from error
    if _held(hsm) and database.is_empty():
        # Served from an empty database, every CMK would be "not found" (law 7).
        raise Misconfigured(
            "the token holds keys and the database is empty: is it the right one? "
            "One that was lost has to be restored from a backup"
        )
    database.migrate()
    _heal(hsm, database)
    held = _held(hsm)
    with database.snapshot() as connection:
        named = list_in_token(connection) | list_certificates_in_token(connection)
        sealed = find_sealed(connection)
    if missing := sorted(named - held):
        raise Misconfigured(
            f"{len(missing)} of {len(named)} keys in the database are not in the token, "
            f"{missing[0]} among them; token and database are not of one installation, "
            "or one of them is an old copy"
        )
    if sealed is not None:
        _prove_root_key(hsm, *sealed)
    for orphan in sorted(held - named):
        # Not what a crash leaves, which bears a mark: perhaps the database is an old copy, and this
        # key still opens what was sealed. So it is never destroyed.
        logger.warning("the token holds key %s, which the database does not name", orphan)


def _held(hsm: HsmThread) -> set[str]:
    try:
        return {key_id.decode("latin-1") for key_id in hsm.run(Token.list_key_ids)}
    except HsmUnavailable as error:
        raise Misconfigured(f"the HSM cannot be used: {error.why}") from error


def _prove_root_key(hsm: HsmThread, version_id: str, sealed: bytes) -> None:
    """One that does not open one material opens none."""
    try:
        hsm.run(lambda token: unseal_material(token, version_id, sealed))
    except HsmUnavailable as error:
        raise Misconfigured(f"the HSM cannot be used: {error.why}") from error
    except KeyMissing as error:
        raise Misconfigured(
            f"{error.why}, which the database keeps sealed; token and database are not of one "
            "installation, or one of them is an old copy"
        ) from error


def _heal(hsm: HsmThread, database: Database) -> None:
    """What a crash left between token and database is settled before anything is compared."""
    try:
        hsm.run(lambda token: heal(token, database))
    except (HsmUnavailable, SQLAlchemyError) as error:
        why = error.why if isinstance(error, HsmUnavailable) else type(error).__name__
        raise Misconfigured(f"what a crash left cannot be settled: {why}") from error
