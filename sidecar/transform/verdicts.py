# SPDX-License-Identifier: Apache-2.0
"""What the transform answers; the host applies it (`proxy/guard.py`)."""

from collections.abc import Coroutine
from enum import Enum
from typing import Any, Final, Literal

import msgspec

from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.rules import Match


class Unnamed(Enum):
    """The claim on a request that no rule names."""

    PASS = "pass"  # noqa: S105 - no password


PASS: Final = Unnamed.PASS


class Hold(msgspec.Struct, frozen=True, gc=False):
    """A request whose body, and that of its answer, are to be held whole.

    `body_limit` is in bytes of one decoded body. Where it `observes`, nothing is changed or
    refused, and a body beyond the limit streams on.
    """

    head: RequestHead
    body_limit: int
    observes: bool

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of a request to {self.head.authority}>"


class RuledHold(Hold, frozen=True, gc=False, eq=False):
    """One that a rule names; it observes in the phase `monitor`.

    `tenant` is empty where the rule has none. Two are equal only where they are one, which a head
    that comes again gets again.
    """

    match: Match
    tenant: str

    def __repr__(self) -> str:
        return f"<RuledHold by rule {self.match.rule.name}>"


type Claim = Literal[Unnamed.PASS] | Hold | Refusal


type Later[T] = Coroutine[Any, Any, T | Refusal]
"""A verdict for which a key has to be waited for."""


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
