# SPDX-License-Identifier: Apache-2.0
"""`kms`: a KMS of the proxy's own, or one that runs elsewhere and the key to call it with."""

import json
from dataclasses import dataclass
from pathlib import Path

from sidecar.config.listeners import named_file, upstream_of
from sidecar.errors import Misconfigured
from sidecar.private_file import read_private
from sidecar.proxy.settings import Upstream
from sidecar.signing import AccessKey
from sidecar.strict_yaml import Entry


@dataclass(frozen=True, slots=True)
class RemoteKms:
    """A KMS that runs elsewhere, the bundled core or the vendor's, and the key to call it with."""

    endpoint: str
    region: str
    key: AccessKey
    ca: Path | None = None

    @property
    def upstream(self) -> Upstream:
        """Where calls that applications make to the KMS API go."""
        return upstream_of(self.endpoint, self.ca)


@dataclass(frozen=True, slots=True)
class EmbeddedKms:
    """A KMS core in a folder of this machine, started as a child process."""

    directory: Path


def read_credentials(path: Path) -> dict[str, str]:
    """The JSON that `sidecar kms init` wrote; refused when others may read it."""
    try:
        content = json.loads(read_private(path))
    except ValueError:
        raise Misconfigured(f"{path}: not JSON") from None
    if not isinstance(content, dict):
        raise Misconfigured(f"{path}: expected an object")
    for name in ("access_key_id", "access_key_secret"):
        if not isinstance(content.get(name), str):
            raise Misconfigured(f"{path}: {name!r} is missing")
    return {name: value for name, value in content.items() if isinstance(value, str)}


def read_kms(entry: Entry, folder: Path) -> RemoteKms | EmbeddedKms:
    """The section `kms`: a KMS elsewhere where it says how to call one, else one of our own."""
    directory = entry.find("dir")
    if not entry.find("endpoint") and not entry.find("credentials_file"):
        return EmbeddedKms(folder / (directory.text() if directory else "kms"))
    if directory:
        raise directory.error("a KMS has either a `dir` here or an `endpoint` elsewhere")
    return _remote_kms(entry, folder)


def read_kms_hosts(entry: Entry) -> tuple[str, ...]:
    """More hosts whose calls are calls to the KMS."""
    hosts = entry.find("hosts")
    return tuple(host.text().lower() for host in hosts.items()) if hosts else ()


def _remote_kms(entry: Entry, folder: Path) -> RemoteKms:
    place = entry.get("credentials_file")
    file = named_file(place, folder)
    try:
        stored = read_credentials(file)
    except Misconfigured as error:
        raise place.error(error.why) from None
    endpoint = entry.optional("endpoint", Entry.text, stored.get("endpoint", ""))
    kms = RemoteKms(
        endpoint=endpoint.rstrip("/"),
        region=entry.optional("region", Entry.text, stored.get("region", "cn-hangzhou")),
        key=AccessKey(stored["access_key_id"], stored["access_key_secret"]),
        ca=entry.optional("ca", lambda found: named_file(found, folder), None),
    )
    try:
        upstream_of(kms.endpoint, kms.ca)
    except Misconfigured as error:
        raise (entry.find("endpoint") or place).error(f"endpoint: {error.why}") from None
    return kms
