# SPDX-License-Identifier: Apache-2.0
"""Data keys and lookup keys: made at a KMS, kept for a bounded time, never shown.

`Keyring` is the only door. It asks a `Provider` (`providers.kms`, `providers.memory`) and hands
out keys that seal and open by themselves; key bytes never leave this package and `envelope`.
"""

from sidecar.keys.data_key import DataKey
from sidecar.keys.keyring import Keyring
from sidecar.keys.limits import KeyLimits
from sidecar.keys.lookup_key import LookupKey
from sidecar.keys.names import CmkRef, KeyContext
from sidecar.keys.proof import KeyProof
from sidecar.keys.providers import KeyDenied, Provider
from sidecar.keys.stats import KeyStats

__all__ = [
    "CmkRef",
    "DataKey",
    "KeyContext",
    "KeyDenied",
    "KeyLimits",
    "KeyProof",
    "KeyStats",
    "Keyring",
    "LookupKey",
    "Provider",
]
