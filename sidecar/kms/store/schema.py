# SPDX-License-Identifier: Apache-2.0
"""The tables of the KMS core. Nothing in them opens a ciphertext: key material is in the token.

Times are whole seconds since 1970 in UTC. A key version's row names a token object by its id
(CKA_ID), so the database alone is useless and the token alone is nameless.
"""

from typing import ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DELETED = "Deleted"
"""The state of a CMK whose time has come: its id is never used again, and nobody finds it."""


class Table(DeclarativeBase):
    """The metadata that migrations are compared with."""

    # A time in PostgreSQL's INTEGER ends in 2038; SQLite's has 64 bits.
    type_annotation_map: ClassVar = {int: BigInteger().with_variant(Integer(), "sqlite")}


class Key(Table):
    """A CMK: what DescribeKey tells about it."""

    __tablename__ = "cmk"
    __table_args__ = (Index("cmk_of_account", "account", "region", "created_at", "key_id"),)

    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(String(32))
    region: Mapped[str] = mapped_column(String(32))
    creator: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(8192))
    key_spec: Mapped[str] = mapped_column(String(32))
    key_usage: Mapped[str] = mapped_column(String(32))
    origin: Mapped[str] = mapped_column(String(32))
    protection_level: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    policy: Mapped[str] = mapped_column(String(32768))
    """The key's own policy, in JSON; empty where it has the default one."""
    rotated_at: Mapped[int]
    """When the primary version became that."""
    rotation_interval: Mapped[int | None]
    """In seconds; None where the CMK does not rotate by itself."""
    delete_at: Mapped[int | None]
    is_protected: Mapped[bool]
    """Against deletion; `protection_reason` says why."""
    protection_reason: Mapped[str] = mapped_column(String(8192))
    primary_version: Mapped[str] = mapped_column(String(36))
    """Empty until material was imported."""
    created_at: Mapped[int]
    material_expires_at: Mapped[int | None]
    """When imported material ends; None where it does not."""


class KeyVersion(Table):
    """One generation of a CMK's material; its id is the CKA_ID of the token object."""

    __tablename__ = "cmk_version"

    version_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("cmk.key_id"), index=True)
    created_at: Mapped[int]


class KeyMaterial(Table):
    """Where the material of a version is: in the token, sealed here, or (imported) gone."""

    __tablename__ = "key_material"

    version_id: Mapped[str] = mapped_column(ForeignKey("cmk_version.version_id"), primary_key=True)
    is_in_token: Mapped[bool]
    sealed: Mapped[bytes | None]
    public_key: Mapped[bytes | None]
    fingerprint: Mapped[bytes | None]


class ImportToken(Table):
    """A right to import material into a CMK; its id is the CKA_ID of the pair to wrap it for."""

    __tablename__ = "import_token"

    token_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("cmk.key_id"), index=True)
    algorithm: Mapped[str] = mapped_column(String(32))
    expires_at: Mapped[int]


class Alias(Table):
    """A second name of a CMK, unique in its account and region."""

    __tablename__ = "alias"

    account: Mapped[str] = mapped_column(String(32), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("cmk.key_id"), index=True)
    created_at: Mapped[int]


class ResourceTag(Table):
    """A tag of a resource: a CMK (`key`) or a certificate."""

    __tablename__ = "resource_tag"

    account: Mapped[str] = mapped_column(String(32), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    resource_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[str] = mapped_column(String(128))


class Nonce(Table):
    """A signature nonce that was used; kept while a replay's timestamp would still be accepted."""

    __tablename__ = "nonce"

    access_key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    signed_at: Mapped[int] = mapped_column("seen_at", key="signed_at", index=True)
    """The time that the request says; rows of versions before this have when it came."""


class AuditRecord(Table):
    """One link of the audit chain: the record's JSON as it was hashed, and the chain's hash."""

    __tablename__ = "audit_record"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    record: Mapped[str]
    digest: Mapped[bytes]


class AuditHead(Table):
    """The last link of the chain; its one row is what writers wait for each other on."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes]
    checkpoint: Mapped[int] = mapped_column(BigInteger)
    """The number of the newest record that is one; 0 where there is none."""
