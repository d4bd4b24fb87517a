# SPDX-License-Identifier: Apache-2.0
"""The `audit` section of a `kms.yaml`, all of it optional.

    audit:
      checkpoint: {records: 1000, every: 60s}      # sign the trail after so many, or so long
      exports:                                     # carry it elsewhere, each by itself
        - {name: disk, folder: audit, rotate: 64MiB, keep: 100}       # keep: files; default: all
        - {name: siem, syslog: "tls://logs.internal:6514", ca: logs-ca.pem}
        - {name: hook, webhook: "https://siem.internal/in", ca: siem-ca.pem, token_file: hook.token}

A syslog server is named by tcp://HOST:PORT, tls://HOST:PORT or unix:/dev/log. An export remembers
by its name how far it has come: a new name begins with the first record.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from sidecar.kms.urls import find_url
from sidecar.strict_yaml import Entry, find_address

DEFAULT_RECORDS = 1000
DEFAULT_SECONDS = 60.0
DEFAULT_ROTATE = 64 * 1024**2
MAX_KEEP = 1_000_000

_NAME = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FolderExport:
    """Files of JSON lines in `folder`; `keep` of them, or all."""

    name: str
    folder: Path
    rotate_bytes: int = DEFAULT_ROTATE
    keep: int | None = None


@dataclass(frozen=True, slots=True)
class SyslogExport:
    """A syslog server: at a path (a datagram socket), or at host and port, with TLS or without."""

    name: str
    path: str = ""
    host: str = ""
    port: int = 0
    is_tls: bool = False
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class WebhookExport:
    """A URL that takes JSON lines by POST; the bearer token stands in a file of its own."""

    name: str
    url: str
    ca: Path | None = None
    token_file: Path | None = None


type Export = FolderExport | SyslogExport | WebhookExport


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """When the trail is signed, and where it is carried."""

    checkpoint_records: int = DEFAULT_RECORDS
    checkpoint_seconds: float = DEFAULT_SECONDS
    exports: tuple[Export, ...] = ()


def read_audit(entry: Entry, folder: Path) -> AuditSettings:
    """Read the section; relative paths are relative to `folder`."""
    records, seconds = entry.optional("checkpoint", _checkpoint, (DEFAULT_RECORDS, DEFAULT_SECONDS))
    exports: list[Export] = []
    listed = entry.find("exports")
    for one in listed.items() if listed else []:
        export = _export(one, folder)
        if any(export.name == other.name for other in exports):
            raise one.error(f"another export has the name {export.name!r}")
        exports.append(export)
    entry.finish()
    return AuditSettings(records, seconds, tuple(exports))


def _checkpoint(entry: Entry) -> tuple[int, float]:
    records = entry.optional("records", lambda one: one.integer(1, 1_000_000), DEFAULT_RECORDS)
    seconds = entry.optional("every", lambda one: one.seconds(1, 86400), DEFAULT_SECONDS)
    entry.finish()
    return records, seconds


def _export(entry: Entry, folder: Path) -> Export:
    name = entry.get("name")
    if not _NAME.fullmatch(name.text()):
        raise name.error("expected a name of small letters, digits and -")
    kinds = [kind for kind in ("folder", "syslog", "webhook") if entry.find(kind)]
    if len(kinds) != 1:
        raise entry.error("expected one of 'folder', 'syslog' and 'webhook'")
    readers = {"folder": _folder, "syslog": _syslog, "webhook": _webhook}
    export = readers[kinds[0]](name.text(), entry, folder)
    entry.finish()
    return export


def _folder(name: str, entry: Entry, folder: Path) -> Export:
    return FolderExport(
        name,
        folder / entry.get("folder").text(),
        entry.optional("rotate", lambda one: one.size(4096, 2**40), DEFAULT_ROTATE),
        entry.optional("keep", lambda one: one.integer(1, MAX_KEEP), None),
    )


def _syslog(name: str, entry: Entry, folder: Path) -> Export:
    place = entry.get("syslog")
    scheme, _, rest = place.text().partition(":")
    ca = entry.optional("ca", lambda one: folder / one.text(), None)
    if scheme == "unix" and rest.startswith("/") and ca is None:
        return SyslogExport(name, path=rest)
    address = find_address(rest.removeprefix("//"))
    if scheme not in ("tcp", "tls") or address is None or (ca is not None and scheme != "tls"):
        raise place.error("expected tls://HOST:PORT (with `ca`), tcp://HOST:PORT or unix:/PATH")
    return SyslogExport(name, "", *address, is_tls=scheme == "tls", ca=ca)


def _webhook(name: str, entry: Entry, folder: Path) -> Export:
    place = entry.get("webhook")
    if not _is_url(place.text()):
        raise place.error("expected https://HOST/PATH; a token goes into `token_file`")
    ca, token = (
        entry.optional(one, lambda path: folder / path.text(), None) for one in ("ca", "token_file")
    )
    return WebhookExport(name, place.text(), ca, token)


def _is_url(text: str) -> bool:
    """Of a web server, without a secret in it."""
    url = find_url(text)
    return url is not None and url.scheme in ("http", "https") and url.username is None
