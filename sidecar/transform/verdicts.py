# SPDX-License-Identifier: Apache-2.0
"""What the transform answers; the host applies it (`proxy/guard.py`)."""

from enum import Enum
from typing import Final, Literal

import msgspec

from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.rules import Match


class Unnamed(Enum):
    """The claim on a request that no rule names."""

    PASS = "pass"  # noqa: S105 - no password


PASS: Final = Unnamed.PASS


class Hold(msgspec.Struct, frozen=True, gc=False):
    """A request that a rule names: its body, and that of its answer, are to be held whole.

    `body_limit` is in bytes of one decoded body. `observes` is the phase `monitor`: nothing is
    changed or refused, and a body beyond the limit streams on. `tenant` is empty where the rule has
    none.
    """

    head: RequestHead
    match: Match
    body_limit: int
    observes: bool
    tenant: str

    def __repr__(self) -> str:
        return f"<Hold by rule {self.match.rule.name}>"


type Claim = Literal[Unnamed.PASS] | Hold | Refusal


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """A request that may go to the store."""

    head: RequestHead
    body: bytes

    def __repr__(self) -> str:
        return f"<Sealed, {len(self.body)} bytes>"


class Opened(msgspec.Struct, frozen=True, gc=False):
    """An answer that may go to the client."""

    head: ResponseHead
    body: bytes

    def __repr__(self) -> str:
        return f"<Opened, {len(self.body)} bytes>"
