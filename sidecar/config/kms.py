# SPDX-License-Identifier: Apache-2.0
"""`kms`: a KMS of the proxy's own, or one that runs elsewhere and the key to call it with."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sidecar.client_tls import ClientTls
from sidecar.config.listeners import named_file, upstream_of
from sidecar.errors import Misconfigured
from sidecar.keys.providers.workload import WorkloadRole
from sidecar.private_file import read_private
from sidecar.proxy.settings import Upstream
from sidecar.signing import AccessKey
from sidecar.strict_yaml import Entry


@dataclass(frozen=True, slots=True)
class RemoteKms:
    """A KMS that runs elsewhere, the bundled core or the vendor's, and the key to call it with.

    Where it has a role instead of a key, the workload's own token is exchanged for keys that end.
    """

    endpoint: str
    region: str
    key: AccessKey | WorkloadRole
    tls: ClientTls | None = None

    @property
    def upstream(self) -> Upstream:
        """Where calls that applications make to the KMS API go."""
        tls = self.tls or ClientTls()
        return upstream_of(self.endpoint, tls.ca, tls.cert, tls.key)


@dataclass(frozen=True, slots=True)
class EmbeddedKms:
    """A KMS core in a folder of this machine, started as a child process."""

    directory: Path


class Credentials(NamedTuple):
    """What `sidecar kms init` and `ram key create` write: a key, and perhaps where it counts."""

    key: AccessKey
    endpoint: str | None
    region: str | None


def read_credentials(path: Path) -> Credentials:
    """The credentials in a file of JSON; Misconfigured where others may read it as well."""
    try:
        content = json.loads(read_private(path))
    except ValueError:
        raise Misconfigured(f"{path}: not JSON") from None
    if not isinstance(content, dict):
        raise Misconfigured(f"{path}: expected an object")
    for name in ("access_key_id", "access_key_secret"):
        if not isinstance(content.get(name), str):
            raise Misconfigured(f"{path}: {name!r} is missing")
    endpoint, region = (
        value if isinstance(value := content.get(name), str) else None
        for name in ("endpoint", "region")
    )
    return Credentials(
        AccessKey(content["access_key_id"], content["access_key_secret"]), endpoint, region
    )


def read_kms(entry: Entry, folder: Path) -> RemoteKms | EmbeddedKms:
    """The section `kms`: a KMS elsewhere where it says how to call one, else one of our own."""
    directory = entry.find("dir")
    if not any(map(entry.find, ("endpoint", "credentials_file", "role_arn"))):
        return EmbeddedKms(folder / (directory.text() if directory else "kms"))
    if directory:
        raise directory.error("a KMS has either a `dir` here or an `endpoint` elsewhere")
    return _of_workload(entry, folder) if entry.find("role_arn") else _remote_kms(entry, folder)


def read_kms_hosts(entry: Entry) -> tuple[str, ...]:
    """More hosts whose calls are calls to the KMS."""
    hosts = entry.find("hosts")
    return tuple(host.text().lower() for host in hosts.items()) if hosts else ()


def _remote_kms(entry: Entry, folder: Path) -> RemoteKms:
    place = entry.get("credentials_file")
    file = folder / place.text()
    if not file.is_file():
        raise place.error(f"{file} is not a file; `sidecar kms init` makes one for its KMS core")
    try:
        stored = read_credentials(file)
    except Misconfigured as error:
        raise place.error(error.why) from None
    endpoint = entry.optional("endpoint", Entry.text, stored.endpoint or "")
    if not endpoint:
        raise place.error(f"{file}: no endpoint of a KMS here; name it by `endpoint`")
    kms = RemoteKms(
        endpoint=endpoint.rstrip("/"),
        region=entry.optional("region", Entry.text, stored.region or "cn-hangzhou"),
        key=stored.key,
        tls=_tls(entry, folder),
    )
    try:
        upstream_of(kms.endpoint)
    except Misconfigured as error:
        raise (entry.find("endpoint") or place).error(f"endpoint: {error.why}") from None
    return kms


def _of_workload(entry: Entry, folder: Path) -> RemoteKms:
    if (file := entry.find("credentials_file")) is not None:
        raise file.error("a KMS is called with an access key or as a role, not both")
    endpoint = _origin(entry.get("endpoint"))
    return RemoteKms(
        endpoint=endpoint,
        region=entry.optional("region", Entry.text, "cn-hangzhou"),
        key=WorkloadRole(
            role_arn=_arn(entry.get("role_arn"), "role"),
            provider_arn=_arn(entry.get("oidc_provider_arn"), "oidc-provider"),
            token_file=folder / entry.get("oidc_token_file").text(),
            sts_endpoint=entry.optional("sts_endpoint", _origin, endpoint),
        ),
        tls=_tls(entry, folder),
    )


def _tls(entry: Entry, folder: Path) -> ClientTls | None:
    files = {
        name: named_file(found, folder)
        for name in ("ca", "cert", "key")
        if (found := entry.find(name))
    }
    for one, other in (("cert", "key"), ("key", "cert")):
        if one in files and other not in files:
            raise entry.get(one).error(
                f"a client certificate is a `cert` and its `key`: {other} is missing"
            )
    return ClientTls(**files) if files else None


def _origin(entry: Entry) -> str:
    text = entry.text().rstrip("/")
    try:
        upstream_of(text)
    except Misconfigured as error:
        raise entry.error(error.why) from None
    return text


def _arn(entry: Entry, kind: str) -> str:
    if not re.fullmatch(rf"acs:ram::[0-9]+:{kind}/[A-Za-z0-9._-]+", entry.text(), re.ASCII):
        raise entry.error(f"expected acs:ram::<account>:{kind}/<name>")
    return entry.text()
