# SPDX-License-Identifier: Apache-2.0
"""What the host is told at start: values only, valid from birth, read by nobody below `proxy/`.

The configuration file's own words and places are checked by `sidecar/config/`; the checks here
are those that hold for any caller. `Misconfigured` is all that may be raised. Files are named, not
opened: `tls.py` reads them once, before anything listens.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from sidecar.errors import Misconfigured
from sidecar.rules import spell_authority

_LAST_PORT = 65535
KMS_HOSTS = ("kms.*.aliyuncs.com", "kms-vpc.*.aliyuncs.com")
"""Host patterns of the public KMS API endpoints; `*` stands for one or more whole labels."""


@dataclass(frozen=True, slots=True)
class Via:
    """Another proxy on the way to an upstream, spoken to in plain HTTP.

    `authorization` is what its Proxy-Authorization field says; empty for none.
    """

    host: str
    port: int
    authorization: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a listener's requests go.

    `http` and `https` name a store by `host` and `port`. `kms` names the configured KMS core
    (`ProxySettings.kms`) and takes neither. Certificates are always verified: against `ca` (PEM)
    when given, else against the system's authorities.
    """

    scheme: Literal["http", "https", "kms"]
    host: str = ""
    port: int = 0
    ca: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    via: Via | None = None

    def __post_init__(self) -> None:
        if self.scheme == "kms":
            if self.host or self.port or self.ca or self.client_cert or self.client_key:
                raise Misconfigured("an upstream `kms` takes no host, port or certificates")
        elif not self.host or not 0 < self.port <= _LAST_PORT:
            raise Misconfigured(f"an upstream `{self.scheme}` needs a host and a port")
        if self.scheme == "http" and (self.ca or self.client_cert or self.client_key):
            raise Misconfigured("an upstream `http` takes no certificates")
        if (self.client_cert is None) != (self.client_key is None):
            raise Misconfigured("a client certificate and its key come together")

    @property
    def authority(self) -> str:
        """`host:port` in lower case, as rules name it; an IPv6 address stands in brackets."""
        return spell_authority(self.host, self.port).lower()

    @property
    def way(self) -> str:
        """The authority, and the other proxy on the way to it, for operators."""
        if self.via is None:
            return self.authority
        return (
            f"{self.authority} by way of the proxy {spell_authority(self.via.host, self.via.port)}"
        )


@dataclass(frozen=True, slots=True)
class Forward:
    """No upstream but those that clients name (HTTP_PROXY, HTTPS_PROXY).

    Hosts that rules name are intercepted and verified against `ca` when given; to all others bytes
    pass untouched. With `allow` only the destinations that match one of its patterns are reached
    at all: `host:port`, where `*` stands for one or more whole labels. An address on a port that
    rules name is reached where `allow` has it itself, or a client names another host there: else
    it might be the address of a host that rules name.
    """

    allow: tuple[str, ...] = ()
    ca: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    via: Via | None = None
    scheme: ClassVar[str] = "forward"
    host: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if (self.client_cert is None) != (self.client_key is None):
            raise Misconfigured("a client certificate and its key come together")

    def upstream(self, scheme: Literal["http", "https"], host: str, port: int) -> Upstream:
        """The upstream that a client named."""
        if scheme == "http":
            return Upstream(scheme, host, port, via=self.via)
        return Upstream(scheme, host, port, self.ca, self.client_cert, self.client_key, self.via)


@dataclass(frozen=True, slots=True)
class ServerTls:
    """The certificate chain (PEM, leaf first) and key that a listener shows to clients.

    With `client_ca` (PEM) it asks for theirs, and verifies those that it gets.
    """

    cert: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """One address that clients connect to, and the upstream behind it or those that they name.

    Port 0 takes any free port. `host_header` says whether the upstream sees the client's Host
    (signatures over it stay valid) or its own authority.
    """

    host: str
    port: int
    upstream: Upstream | Forward
    tls: ServerTls | None = None
    host_header: Literal["keep", "upstream"] = "keep"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a peer may make the host keep or wait for; bytes, seconds and counts."""

    head_bytes: int = 64 * 1024
    head_fields: int = 256
    held_bytes: int = 64 * 1024 * 1024
    """All bodies that are held at one time, by all workers; one more waits until there is room."""
    room_seconds: float = 10.0
    """For a body to find room; then it is refused."""
    connections: int = 4096
    header_seconds: float = 15.0
    """From the first byte of a request head (or the connection's start) to its last."""
    body_seconds: float = 60.0
    """The longest silence of a sender in the middle of a message."""
    idle_seconds: float = 75.0
    """Between two requests on one connection."""
    connect_seconds: float = 10.0
    """To reach the upstream, TLS handshake included."""
    key_seconds: float = 10.0
    """For the keys of one message; a key service that takes longer is a refusal."""
    response_seconds: float = 300.0
    """From a request's last byte to the first byte of its answer."""
    drain_seconds: float = 20.0
    """For what is in flight when the host is told to stop."""


@dataclass(frozen=True, slots=True)
class Admin:
    """Where `/healthz`, `/readyz` and `/metrics` are served; loopback unless told otherwise."""

    host: str = "127.0.0.1"
    port: int = 0


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """Everything the host needs besides the transform.

    `kms` is where calls to the KMS API go: those of a listener whose upstream is `kms`, and on any
    listener those whose Host matches `kms_hosts`. Without it such Hosts mean nothing special.
    """

    listeners: tuple[Listener, ...]
    kms: Upstream | None = None
    kms_hosts: tuple[str, ...] = KMS_HOSTS
    limits: Limits = field(default_factory=Limits)
    ca: Path | ServerTls | None = None

    def __post_init__(self) -> None:
        if not self.listeners:
            raise Misconfigured("there is no listener")
        if self.ca is None and any(isinstance(each.upstream, Forward) for each in self.listeners):
            raise Misconfigured("a forward listener needs a CA to sign with")
        if self.kms is not None and self.kms.scheme == "kms":
            raise Misconfigured("the KMS itself is reached by `http` or `https`")
        if self.kms is None and any(each.upstream.scheme == "kms" for each in self.listeners):
            raise Misconfigured("a listener forwards to the KMS, and no KMS is configured")
