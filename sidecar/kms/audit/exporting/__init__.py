# SPDX-License-Identifier: Apache-2.0
"""The trail, carried elsewhere as JSON lines: to files, a syslog server or a URL."""

from sidecar.kms.audit.exporting.exporter import Exporter
from sidecar.kms.audit.exporting.folder import Folder
from sidecar.kms.audit.exporting.sink import Sink
from sidecar.kms.audit.exporting.syslog import Syslog
from sidecar.kms.audit.exporting.webhook import Webhook
from sidecar.kms.audit.settings import Export, FolderExport, SyslogExport
from sidecar.kms.store import Database

__all__ = ["Exporter", "make_exporter"]


def make_exporter(settings: Export, database: Database) -> Exporter:
    """The exporter that `settings` ask for; raise Misconfigured."""
    return Exporter(settings.name, _sink(settings), database)


def _sink(settings: Export) -> Sink:
    if isinstance(settings, FolderExport):
        return Folder(settings)
    return Syslog(settings) if isinstance(settings, SyslogExport) else Webhook(settings)
