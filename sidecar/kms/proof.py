# SPDX-License-Identifier: Apache-2.0
"""What is proven before the KMS core listens: token, database, and that they belong together."""

import logging

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, HsmUnavailable, Token
from sidecar.kms.store import Database, list_certificates_in_token, list_in_token

logger = logging.getLogger(__name__)


def prove(hsm: HsmThread, database: Database) -> None:
    """Raise Misconfigured, in one sentence, where calls could not be served."""
    try:
        if not hsm.run(Token.has_anchor):
            raise Misconfigured("the token was not made ready for this KMS: it has no anchor key")
        hsm.run(Token.prepare)
        held = {key_id.decode("latin-1") for key_id in hsm.run(Token.list_key_ids)}
    except HsmUnavailable as error:
        raise Misconfigured(f"the HSM cannot be used: {error.why}") from error
    if held and database.is_empty():
        # Served from an empty database, every CMK would be "not found" (law 7).
        raise Misconfigured(
            "the token holds keys and the database is empty: is it the right one? "
            "One that was lost has to be restored from a backup"
        )
    database.migrate()
    with database.snapshot() as connection:
        named = list_in_token(connection) | list_certificates_in_token(connection)
    if missing := sorted(named - held):
        raise Misconfigured(
            f"{len(missing)} of {len(named)} keys in the database are not in the token, "
            f"{missing[0]} among them; token and database are not of one installation, "
            "or one of them is an old copy"
        )
    for orphan in sorted(held - named):
        # CreateKey makes the object first, so a crash can leave one that nobody was told of.
        logger.warning("the token holds key %s, which the database does not name", orphan)
