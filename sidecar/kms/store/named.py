# SPDX-License-Identifier: Apache-2.0
"""Whether the database names a key of the token: as a version of a CMK, a certificate's, or other.

Whoever makes keys in the token stands here, or its keys do not survive the round that made them.
"""

from sqlalchemy import ColumnElement, Connection, exists, select

from sidecar.kms.store.audit_tables import AuditKey
from sidecar.kms.store.certificate_table import CertificateRow
from sidecar.kms.store.pairs import Pair
from sidecar.kms.store.schema import ImportToken, KeyMaterial


def is_named(connection: Connection, key_id: bytes) -> bool:
    """Whether a row says that the token holds this key (CKA_ID, perhaps with a prefix of ours)."""
    name = key_id.rpartition(b":")[2].decode("latin-1")
    return any(connection.execute(select(exists().where(*row))).scalar() for row in _rows(name))


def _rows(name: str) -> tuple[tuple[ColumnElement[bool], ...], ...]:
    return (
        (KeyMaterial.version_id == name, KeyMaterial.is_in_token.is_(True)),
        (CertificateRow.certificate_id == name, CertificateRow.sealed.is_(None)),
        (ImportToken.token_id == name,),
        (Pair.pair_id == name,),
        (AuditKey.token_id == name,),
    )
