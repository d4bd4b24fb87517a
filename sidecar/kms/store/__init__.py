# SPDX-License-Identifier: Apache-2.0
"""What the KMS core remembers: tables, transactions and the few questions asked of them."""

from sidecar.kms.store import nonces
from sidecar.kms.store.database import Database
from sidecar.kms.store.materials import Material, Materials, list_in_token
from sidecar.kms.store.schema import Alias, AuditHead, AuditRecord, Key, Table
from sidecar.kms.store.shelf import Cmk, Label, Shelf

__all__ = [
    "Alias",
    "AuditHead",
    "AuditRecord",
    "Cmk",
    "Database",
    "Key",
    "Label",
    "Material",
    "Materials",
    "Shelf",
    "Table",
    "list_in_token",
    "nonces",
]
