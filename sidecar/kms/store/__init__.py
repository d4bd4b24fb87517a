# SPDX-License-Identifier: Apache-2.0
"""What the KMS core remembers: tables, transactions and the few questions asked of them."""

from sidecar.kms.store import nonces, ram_tables
from sidecar.kms.store.audit_tables import AuditExport, AuditKey, AuditMark
from sidecar.kms.store.certificates import Certificate, list_certificates_in_token
from sidecar.kms.store.database import Database
from sidecar.kms.store.materials import Material, find_sealed, list_in_token
from sidecar.kms.store.named import is_named
from sidecar.kms.store.pairs import Pairs, forget_pairs, list_pairs
from sidecar.kms.store.schema import DELETED, Alias, AuditHead, AuditRecord, Key, ResourceTag, Table
from sidecar.kms.store.shelf import Cmk, Label, Shelf, find_cmk
from sidecar.kms.store.tags import CERTIFICATE, KEY, Tag, Tags
from sidecar.kms.store.versions import Version

__all__ = [
    "CERTIFICATE",
    "DELETED",
    "KEY",
    "Alias",
    "AuditExport",
    "AuditHead",
    "AuditKey",
    "AuditMark",
    "AuditRecord",
    "Certificate",
    "Cmk",
    "Database",
    "Key",
    "Label",
    "Material",
    "Pairs",
    "ResourceTag",
    "Shelf",
    "Table",
    "Tag",
    "Tags",
    "Version",
    "find_cmk",
    "find_sealed",
    "forget_pairs",
    "is_named",
    "list_certificates_in_token",
    "list_in_token",
    "list_pairs",
    "nonces",
    "ram_tables",
]
