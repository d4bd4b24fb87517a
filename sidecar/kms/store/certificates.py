# SPDX-License-Identifier: Apache-2.0
"""Certificates of one account in one region, inside one transaction."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from sidecar.kms.store.certificate_table import CertificateRow


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

    def change(self, certificate_id: str, now: int, **members: str) -> None:
        """Give members of a certificate other values."""
        changed = update(CertificateRow).where(CertificateRow.certificate_id == certificate_id)
        self._connection.execute(changed.values(updated_at=now, **members))

    def delete(self, certificate_id: str) -> None:
        gone = CertificateRow.certificate_id == certificate_id
        self._connection.execute(delete(CertificateRow).where(gone))


def list_certificates_in_token(connection: Connection) -> frozenset[str]:
    """The ids of the certificates, of every account, whose keys the token must hold."""
    held = select(CertificateRow.certificate_id).where(CertificateRow.sealed.is_(None))
    return frozenset(connection.execute(held).scalars())
