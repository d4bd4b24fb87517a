# SPDX-License-Identifier: Apache-2.0
"""What is stored already: sealed where it is not, sealed anew under new keys, and the proof of it.

Never a second way to seal: records go through the transform, as the proxy's do.
"""

from sidecar.migration.binding import bind, rule_named
from sidecar.migration.collection import Collection
from sidecar.migration.files import FileJob, FileSweep, tenant_reader
from sidecar.migration.journal import Journal
from sidecar.migration.listing import pages
from sidecar.migration.purposes import Purpose, Rewrapping, Sealing, SealingAll
from sidecar.migration.reader import read_description
from sidecar.migration.records import Records
from sidecar.migration.report import Report
from sidecar.migration.slices import FORMATS, SUFFIXES
from sidecar.migration.sweep import Sweep
from sidecar.migration.usage import Assessor, Census, Usage

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Assessor",
    "Census",
    "Collection",
    "FileJob",
    "FileSweep",
    "Journal",
    "Purpose",
    "Records",
    "Report",
    "Rewrapping",
    "Sealing",
    "SealingAll",
    "Sweep",
    "Usage",
    "bind",
    "pages",
    "read_description",
    "rule_named",
    "tenant_reader",
]
