# SPDX-License-Identifier: Apache-2.0
"""`sidecar.yaml`: what the proxy listens on, which rules hold, and where its keys come from.

    listeners:
      - listen: 127.0.0.1:8080
        upstream: http://crm.internal:8080      # https://…, or kms: calls to the KMS API
    rules: rules/                               # a file or a folder, relative to this file

Everything else has a default:

    listeners:
      - listen: 0.0.0.0:8443
        tls: {cert: server.pem, key: server.key}
        upstream: https://crm.internal
        upstream_tls: {ca: ca.pem, cert: client.pem, key: client.key}
        host_header: keep                       # or upstream: the upstream sees its own name
    kms: {dir: kms}                             # a KMS of the proxy's own, started with it
    kms:                                        # or one that runs elsewhere
      credentials_file: credentials.json        # as `sidecar kms init` writes it
      endpoint: https://kms.cn-hangzhou.aliyuncs.com    # default: as in credentials_file
      region: cn-hangzhou                       # default: as in credentials_file
      ca: kms-ca.pem
      hosts: [kms.internal]                     # calls to these hosts are forwarded to the KMS
    admin: {listen: 127.0.0.1:9901}             # /healthz, /readyz, /metrics
    limits:
      {held_body: 8MiB, held_total: 64MiB, head: 64KiB, connections: 4096, keys: 10s,
       connect: 10s, response: 5m, header: 15s, body: 1m, idle: 75s, drain: 20s}
    keys:
      {max_age: 1h, max_messages: 1048576, max_bytes: 1GiB, grace: 1h, open_age: 6h,
       open_grace: 18h}

Read strictly: every complaint is Misconfigured with file, line and column. What stands in
certificates and rules is read by those who use them.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from sidecar.errors import Misconfigured
from sidecar.keys import KeyLimits
from sidecar.private_file import read_private
from sidecar.proxy.settings import KMS_HOSTS, Admin, Limits, Listener, ServerTls, Upstream
from sidecar.rules import read_authority
from sidecar.signing import AccessKey
from sidecar.strict_yaml import Entry, Reader, read
from sidecar.transform import BODY_LIMIT

MIB = 1024**2
DAY = 86400.0


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
        return _upstream_of(self.endpoint, self.ca)


@dataclass(frozen=True, slots=True)
class EmbeddedKms:
    """A KMS core in a folder of this machine, started as a child process."""

    directory: Path


@dataclass(frozen=True, slots=True)
class Config:
    """One `sidecar.yaml`; `held_body` is in bytes."""

    listeners: tuple[Listener, ...]
    rules: Path
    kms: RemoteKms | EmbeddedKms
    kms_hosts: tuple[str, ...]
    admin: Admin
    limits: Limits
    held_body: int
    keys: KeyLimits


def load_config(path: Path) -> Config:
    """Read `path` whole; files that it names are relative to it."""
    document = read(path)
    folder = path.resolve().parent
    kms = document.find("kms")
    limits, held_body = document.optional("limits", _limits, (Limits(), BODY_LIMIT))
    listeners = document.get("listeners")
    config = Config(
        listeners=tuple(_listener(entry, folder) for entry in listeners.items()),
        rules=folder / document.get("rules").text(),
        kms=_kms(kms, folder) if kms else EmbeddedKms(folder / "kms"),
        kms_hosts=(*KMS_HOSTS, *(_kms_hosts(kms) if kms else ())),
        admin=document.optional("admin", _admin, Admin(port=9901)),
        limits=limits,
        held_body=held_body,
        keys=document.optional("keys", _key_limits, KeyLimits()),
    )
    if not config.listeners:
        raise listeners.error("there is no listener")
    if kms:
        kms.finish()
    document.finish()
    return config


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


def _listener(entry: Entry, folder: Path) -> Listener:
    host, port = entry.get("listen").address()
    tls = entry.find("upstream_tls")
    listener = Listener(
        host=host,
        port=port,
        upstream=_upstream(entry.get("upstream"), tls, folder),
        tls=entry.optional("tls", lambda found: _server_tls(found, folder), None),
        host_header=entry.optional("host_header", _host_header, "keep"),
    )
    entry.finish()
    return listener


def _host_header(entry: Entry) -> Literal["keep", "upstream"]:
    return "keep" if entry.one_of(("keep", "upstream")) == "keep" else "upstream"


def _server_tls(entry: Entry, folder: Path) -> ServerTls:
    tls = ServerTls(_file(entry.get("cert"), folder), _file(entry.get("key"), folder))
    entry.finish()
    return tls


def _upstream(entry: Entry, tls: Entry | None, folder: Path) -> Upstream:
    ca = cert = key = None
    if tls is not None:
        ca, cert, key = (
            _file(found, folder) if (found := tls.find(name)) else None
            for name in ("ca", "cert", "key")
        )
        tls.finish()
    try:
        if entry.text() == "kms":
            return Upstream("kms", "", 0, ca, cert, key)
        return _upstream_of(entry.text(), ca, cert, key)
    except Misconfigured as error:
        raise entry.error(error.why) from None


def _upstream_of(
    url: str, ca: Path | None = None, cert: Path | None = None, key: Path | None = None
) -> Upstream:
    scheme, slashes, rest = url.partition("://")
    authority = rest.removesuffix("/")
    if not slashes or scheme not in ("http", "https") or not authority:
        raise Misconfigured(f"{url!r}: expected http://HOST:PORT or https://HOST:PORT")
    if not authority.rpartition(":")[2].isdigit():
        authority += ":443" if scheme == "https" else ":80"
    host, _, port = read_authority(authority).rpartition(":")
    kind: Literal["http", "https"] = "https" if scheme == "https" else "http"
    return Upstream(kind, host.strip("[]"), int(port), ca, cert, key)


def _kms_hosts(entry: Entry) -> tuple[str, ...]:
    hosts = entry.find("hosts")
    return tuple(host.text().lower() for host in hosts.items()) if hosts else ()


def _kms(entry: Entry, folder: Path) -> RemoteKms | EmbeddedKms:
    directory = entry.find("dir")
    if not entry.find("endpoint") and not entry.find("credentials_file"):
        return EmbeddedKms(folder / (directory.text() if directory else "kms"))
    if directory:
        raise directory.error("a KMS has either a `dir` here or an `endpoint` elsewhere")
    return _remote_kms(entry, folder)


def _remote_kms(entry: Entry, folder: Path) -> RemoteKms:
    place = entry.get("credentials_file")
    file = _file(place, folder)
    try:
        stored = read_credentials(file)
    except Misconfigured as error:
        raise place.error(error.why) from None
    endpoint = entry.optional("endpoint", Entry.text, stored.get("endpoint", ""))
    kms = RemoteKms(
        endpoint=endpoint.rstrip("/"),
        region=entry.optional("region", Entry.text, stored.get("region", "cn-hangzhou")),
        key=AccessKey(stored["access_key_id"], stored["access_key_secret"]),
        ca=entry.optional("ca", lambda found: _file(found, folder), None),
    )
    try:
        _upstream_of(kms.endpoint, kms.ca)
    except Misconfigured as error:
        raise (entry.find("endpoint") or place).error(f"endpoint: {error.why}") from None
    return kms


def _file(entry: Entry, folder: Path) -> Path:
    path = folder / entry.text()
    if not path.is_file():
        raise entry.error(f"{path} is not a file")
    return path


def _admin(entry: Entry) -> Admin:
    host, port = entry.get("listen").address()
    entry.finish()
    return Admin(host, port)


def _size(low: int, high: int) -> Reader[int]:
    return lambda entry: entry.size(low, high)


def _seconds(low: float, high: float) -> Reader[float]:
    return lambda entry: entry.seconds(low, high)


def _count(low: int, high: int) -> Reader[int]:
    return lambda entry: entry.integer(low, high)


_LIMITS: dict[str, tuple[str, Reader[int] | Reader[float]]] = {
    "held_total": ("held_bytes", _size(MIB, 64 * 1024 * MIB)),
    "head": ("head_bytes", _size(1024, MIB)),
    "connections": ("connections", _count(1, 100_000)),
    "keys": ("key_seconds", _seconds(0.1, 300)),
    "connect": ("connect_seconds", _seconds(0.1, 300)),
    "response": ("response_seconds", _seconds(1, DAY)),
    "header": ("header_seconds", _seconds(1, 300)),
    "body": ("body_seconds", _seconds(1, 3600)),
    "idle": ("idle_seconds", _seconds(1, 3600)),
    "drain": ("drain_seconds", _seconds(0, 3600)),
}
_KEY_LIMITS: dict[str, tuple[str, Reader[int] | Reader[float]]] = {
    "max_age": ("max_age", _seconds(1, 7 * DAY)),
    "max_messages": ("max_messages", _count(1, 2**32)),
    "max_bytes": ("max_bytes", _size(1024, 2**40)),
    "grace": ("grace", _seconds(0, 7 * DAY)),
    "open_age": ("open_age", _seconds(1, 7 * DAY)),
    "open_grace": ("open_grace", _seconds(0, 7 * DAY)),
}
"""What a limit is called here and in the dataclass that has its default, and what it may be."""


def _limits(entry: Entry) -> tuple[Limits, int]:
    held_body = entry.optional("held_body", _size(1024, 1024 * MIB), BODY_LIMIT)
    return replace(Limits(), **_read(entry, _LIMITS)), held_body


def _key_limits(entry: Entry) -> KeyLimits:
    return replace(KeyLimits(), **_read(entry, _KEY_LIMITS))


def _read(
    entry: Entry, table: dict[str, tuple[str, Reader[int] | Reader[float]]]
) -> dict[str, Any]:
    found = {
        attribute: reader(value)
        for word, (attribute, reader) in table.items()
        if (value := entry.find(word)) is not None
    }
    entry.finish()
    return found
