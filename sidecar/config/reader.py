# SPDX-License-Identifier: Apache-2.0
"""The document as a whole: its sections, each read by the module that knows its words."""

from dataclasses import dataclass
from pathlib import Path

from sidecar.config.ca import read_ca
from sidecar.config.kms import EmbeddedKms, RemoteKms, read_kms, read_kms_hosts
from sidecar.config.limits import read_key_limits, read_limits
from sidecar.config.listeners import read_listener
from sidecar.config.rules import read_rule_source
from sidecar.config.workers import read_workers, usable_cores
from sidecar.keys import KeyLimits
from sidecar.proxy.settings import KMS_HOSTS, Admin, Limits, Listener, ServerTls
from sidecar.rules import RuleSource
from sidecar.rules.faults import Collector
from sidecar.rules.tables import Table, read_mapping
from sidecar.strict_yaml import Entry, parse, read_bytes
from sidecar.transform import BODY_LIMIT


@dataclass(frozen=True, slots=True)
class Config:
    """One `sidecar.yaml`; `held_body` is in bytes."""

    listeners: tuple[Listener, ...]
    rules: RuleSource
    kms: RemoteKms | EmbeddedKms
    kms_hosts: tuple[str, ...]
    ca: Path | ServerTls
    admin: Admin
    limits: Limits
    held_body: int
    keys: KeyLimits
    workers: int


def load_config(path: Path) -> Config:
    """Read `path` whole; files that it names are relative to it."""
    return read_config(path, read_bytes(path))


def read_config(path: Path, data: bytes) -> Config:
    """Read `data`, which stands or stood in `path`; Faults, with what is wrong in each section."""
    folder = path.resolve().parent
    document = parse(data, str(path))
    found = read_mapping(document, _sections(folder), required=("listeners", "rules"))
    kms, kms_hosts = found.get("kms", (EmbeddedKms(folder / "kms"), ()))
    limits, held_body = found.get("limits", (Limits(), BODY_LIMIT))
    return Config(
        listeners=found["listeners"],
        rules=found["rules"],
        kms=kms,
        kms_hosts=(*KMS_HOSTS, *kms_hosts),
        ca=found.get("ca", folder / "ca"),
        admin=found.get("admin", Admin(port=9901)),
        limits=limits,
        held_body=held_body,
        keys=found.get("keys", KeyLimits()),
        workers=found.get("workers") or usable_cores(),
    )


def _sections(folder: Path) -> Table:
    return {
        "listeners": lambda entry: _listeners(entry, folder),
        "rules": lambda entry: read_rule_source(entry, folder),
        "kms": lambda entry: _kms(entry, folder),
        "ca": lambda entry: read_ca(entry, folder),
        "admin": _admin,
        "limits": read_limits,
        "keys": read_key_limits,
        "workers": read_workers,
    }


def _listeners(entry: Entry, folder: Path) -> tuple[Listener, ...]:
    errors = Collector()
    found = [errors.attempt(read_listener, each, folder) for each in entry.items()]
    errors.finish()
    if not found:
        raise entry.error("there is no listener")
    return tuple(listener for listener in found if listener is not None)


def _kms(entry: Entry, folder: Path) -> tuple[RemoteKms | EmbeddedKms, tuple[str, ...]]:
    found = read_kms(entry, folder), read_kms_hosts(entry)
    entry.finish()
    return found


def _admin(entry: Entry) -> Admin:
    host, port = entry.get("listen").address()
    entry.finish()
    return Admin(host, port)
