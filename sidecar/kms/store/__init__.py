# SPDX-License-Identifier: Apache-2.0
"""What the KMS core remembers: tables, transactions and the few questions asked of them."""

from sidecar.kms.store import nonces
from sidecar.kms.store.database import Database
from sidecar.kms.store.schema import Alias, AuditHead, AuditRecord, Key, Table
from sidecar.kms.store.shelf import Cmk, Label, Shelf, list_versions

__all__ = [
    "Alias",
    "AuditHead",
    "AuditRecord",
    "Cmk",
    "Database",
    "Key",
    "Label",
    "Shelf",
    "Table",
    "list_versions",
    "nonces",
]
