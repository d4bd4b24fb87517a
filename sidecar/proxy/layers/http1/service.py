# SPDX-License-Identifier: Apache-2.0
"""What all connections of one listener share, and the choice of where a request goes."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

from sidecar.errors import Refused
from sidecar.proxy.guard import Guard
from sidecar.proxy.kms_forward import KmsForward
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.layers.http1.tunnel import Check
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.proxy.room import Room
from sidecar.proxy.settings import Limits, Upstream
from sidecar.proxy.stats import HostStats


@dataclass(frozen=True, slots=True)
class Way:
    """Where a request goes, and as what.

    To the KMS, or to a store under its rules. The other two are CONNECT: a tunnel that nobody looks
    into but `check`, or TLS that we answer in the upstream's name. `host` replaces the client's
    Host field when given.
    """

    kind: Literal["kms", "store", "tunnel", "intercept"]
    upstream: Upstream
    frame: Frame | None = None
    """In place of the one that came."""
    host: bytes | None = None
    check: Check | None = None


class Service(Protocol):
    """One listener's part in carrying HTTP."""

    @property
    def is_proxy(self) -> bool:
        """Whether its clients know that it is a proxy, and write their requests for one."""

    @property
    def guard(self) -> Guard:
        """The rules in force; other ones after a reload."""

    @property
    def limits(self) -> Limits: ...

    @property
    def stats(self) -> HostStats: ...

    @property
    def room(self) -> Room: ...

    def way(self, frame: Frame) -> Way:
        """Where a request goes; Refused where it must not."""

    def objection(self, link: Link) -> Refused | None:
        """What speaks against the server that `link` has just reached; nothing was sent to it."""


@dataclass(slots=True)
class Reverse:
    """One upstream, whatever the client says; `store` is None where it forwards to the KMS only."""

    store: Upstream | None
    kms: KmsForward | None
    host: bytes | None
    guard: Guard
    limits: Limits
    stats: HostStats
    room: Room
    is_proxy: bool = False
    _to_kms: Way | None = field(init=False)
    _to_store: Way | None = field(init=False)

    def __post_init__(self) -> None:
        self._to_kms = None if self.kms is None else Way("kms", self.kms.upstream)
        self._to_store = None if self.store is None else Way("store", self.store, host=self.host)

    def way(self, frame: Frame) -> Way:
        kms, to_store = self.kms, self._to_store
        if kms is None or (to_store is not None and not kms.names(frame.host)):
            assert to_store is not None  # noqa: S101 - the settings see to it
            return to_store
        assert self._to_kms is not None  # noqa: S101 - made of `kms`
        return self._to_kms

    def objection(self, link: Link) -> Refused | None:  # noqa: ARG002 - it is configured
        return None
