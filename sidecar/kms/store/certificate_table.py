# SPDX-License-Identifier: Apache-2.0
"""The table of certificates. Their private keys are in the token, under the certificate's id."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from sidecar.kms.store.schema import Table


class CertificateRow(Table):
    """A key pair, the request made with it, and the certificate that a CA gave for it."""

    __tablename__ = "certificate"
    __table_args__ = (Index("certificate_of_account", "account", "region"),)

    certificate_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account: Mapped[str] = mapped_column(String(32))
    region: Mapped[str] = mapped_column(String(32))
    key_spec: Mapped[str] = mapped_column(String(32))
    is_exportable: Mapped[bool]
    """What CreateCertificate was told; no private key is ever handed out."""
    status: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes | None]
    """The private key where the token cannot hold it, sealed by the token's root key."""
    public_key: Mapped[bytes]
    csr: Mapped[str]
    certificate: Mapped[str]
    """In PEM, as are the request and the chain; empty while it is not there."""
    chain: Mapped[str]
    created_at: Mapped[int]
    updated_at: Mapped[int]
