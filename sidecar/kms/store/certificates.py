# SPDX-License-Identifier: Apache-2.0
"""Certificates of one account in one region, inside one transaction.

What is deleted is not found any more, and its sealed key is gone at once; its row stays until the
key in the token is destroyed, which is done when the deletion is durable (law 7).
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from sidecar.kms.store.certificate_table import CertificateRow
from sidecar.kms.store.schema import DELETED


class Certificate(NamedTuple):
    """A certificate as it stands in the store (see `CertificateRow`)."""

    certificate_id: str
    key_spec: str
    is_exportable: bool
    status: str
    sealed: bytes | None
    """None where the token holds the key."""
    public_key: bytes
    csr: str
    created_at: int
    updated_at: int
    certificate: str = ""
    chain: str = ""


_HERE = (
    CertificateRow.account == bindparam("account"),
    CertificateRow.region == bindparam("region"),
    CertificateRow.status != DELETED,
)
_FIND = select(*[getattr(CertificateRow, name) for name in Certificate._fields]).where(
    *_HERE, CertificateRow.certificate_id == bindparam("certificate_id")
)
_COUNT = select(func.count()).select_from(CertificateRow).where(*_HERE)


class Certificates:
    """Reads and writes of certificates."""

    def __init__(self, connection: Connection, here: Mapping[str, str]) -> None:
        self._connection = connection
        self._here = here

    def add(self, certificate: Certificate) -> None:
        row = {**self._here, **certificate._asdict()}
        self._connection.execute(insert(CertificateRow), row)

    def find(self, certificate_id: str) -> Certificate | None:
        asked = {**self._here, "certificate_id": certificate_id}
        row = self._connection.execute(_FIND, asked).first()
        return Certificate._make(row) if row else None

    def count(self) -> int:
        return self._connection.execute(_COUNT, self._here).scalar_one()

    def change(self, certificate_id: str, now: int, **members: str | None) -> None:
        """Give members of a certificate other values."""
        changed = update(CertificateRow).where(CertificateRow.certificate_id == certificate_id)
        self._connection.execute(changed.values(updated_at=now, **members))

    def delete(self, certificate_id: str, now: int) -> None:
        self.change(certificate_id, now, status=DELETED, sealed=None)


def list_certificates_in_token(connection: Connection) -> frozenset[str]:
    """The ids of the certificates, of every account, whose keys the token must hold."""
    held = select(CertificateRow.certificate_id).where(
        CertificateRow.sealed.is_(None), CertificateRow.status != DELETED
    )
    return frozenset(connection.execute(held).scalars())


def list_deleted_certificates(connection: Connection) -> list[str]:
    """The ids of the certificates, of every account, whose keys may still be in the token."""
    gone = select(CertificateRow.certificate_id).where(CertificateRow.status == DELETED)
    return list(connection.execute(gone).scalars())


def forget_certificate(connection: Connection, certificate_id: str) -> None:
    """Nothing of it is left; its key was destroyed."""
    gone = CertificateRow.certificate_id == certificate_id
    connection.execute(delete(CertificateRow).where(gone))
