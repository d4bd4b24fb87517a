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
    """Read `data`, which stands or stood in `path`."""
    document = parse(data, str(path))
    folder = path.resolve().parent
    own_ca: Path | ServerTls = folder / "ca"
    kms = document.find("kms")
    limits, held_body = document.optional("limits", read_limits, (Limits(), BODY_LIMIT))
    listeners = document.get("listeners")
    config = Config(
        listeners=tuple(read_listener(entry, folder) for entry in listeners.items()),
        rules=read_rule_source(document.get("rules"), folder),
        kms=read_kms(kms, folder) if kms else EmbeddedKms(folder / "kms"),
        kms_hosts=(*KMS_HOSTS, *(read_kms_hosts(kms) if kms else ())),
        ca=document.optional("ca", lambda found: read_ca(found, folder), own_ca),
        admin=document.optional("admin", _admin, Admin(port=9901)),
        limits=limits,
        held_body=held_body,
        keys=document.optional("keys", read_key_limits, KeyLimits()),
        workers=document.optional("workers", read_workers, usable_cores()),
    )
    if not config.listeners:
        raise listeners.error("there is no listener")
    if kms:
        kms.finish()
    document.finish()
    return config


def _admin(entry: Entry) -> Admin:
    host, port = entry.get("listen").address()
    entry.finish()
    return Admin(host, port)
