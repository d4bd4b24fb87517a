# SPDX-License-Identifier: Apache-2.0
"""What is stored already: sealed where it is not, sealed anew under new keys, and the proof of it.

Never a second way to seal: records go through the transform, as the proxy's do.
"""

from sidecar.migration.collection import Collection, bind
from sidecar.migration.description import read_description
from sidecar.migration.journal import Journal
from sidecar.migration.purposes import Purpose, Rewrapping, Sealing
from sidecar.migration.report import Report
from sidecar.migration.store import StoreUnavailable
from sidecar.migration.sweep import Sweep

__all__ = [
    "Collection",
    "Journal",
    "Purpose",
    "Report",
    "Rewrapping",
    "Sealing",
    "StoreUnavailable",
    "Sweep",
    "bind",
    "read_description",
]
