# SPDX-License-Identifier: Apache-2.0
"""Every error that crosses a package boundary, split by whose fault it is.

    SidecarError
     ├── Refused            policy says no: the request or the stored value breaks a rule
     │    ├── Malformed     the peer sent something that cannot be read safely
     │    ├── TooLarge      a body, or what would become of it, is longer than can be held
     │    └── CannotOpen    an envelope that is not ours, altered, or in another place than its own
     ├── KeyUnavailable     the key service cannot be reached now; trying again may help
     ├── Overloaded         no room for another body now; trying again may help
     └── Misconfigured      found at start, before anything listens

Each carries `why`, one sentence of names, ids and lengths that is safe to log and to tell the
client: never a field value, a key or a request target. `status` is the HTTP status that a client
is told; a permanent refusal is never a 5xx, because SDKs retry those (law 6). `code` is the same
fact for machines: it labels metrics, audit lines and refusal bodies.
"""

from typing import ClassVar


class SidecarError(Exception):
    """Anything that the sidecar raises on purpose."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def told(error: BaseException) -> str:
    """What may be logged of any error: ours say why; the text of another may hold a value."""
    return error.why if isinstance(error, SidecarError) else type(error).__name__


class Refused(SidecarError):
    """A rule forbids this request or this answer; repeating it unchanged cannot help."""

    status = 403
    code = "refused"


class Malformed(Refused):
    """The peer sent bytes that cannot be read in exactly one way."""

    status = 400
    code = "malformed"


class TooLarge(Refused):
    """A body or a part of it passes the limit under which it can be held."""

    status = 413
    code = "too_large"


class CannotOpen(Refused):
    """A sealed value does not open here; one wording for every cause, so that it is no oracle."""

    status = 422
    code = "cannot_open"

    def __init__(self, why: str = "a sealed value does not open at this place") -> None:
        super().__init__(why)


class KeyUnavailable(SidecarError):
    """No key can be had now: the key service is away, slow, throttling or answers nonsense.

    `retry_after` is in seconds and becomes the Retry-After header of the refusal.
    """

    status = 503
    code = "key_unavailable"

    def __init__(self, why: str, retry_after: int = 1) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Overloaded(SidecarError):
    """There is no room now to hold another body; trying again may help."""

    status = 503
    code = "overloaded"


class Misconfigured(SidecarError):
    """Configuration, rules or start-up proof failed; `why` says where and what to do next."""

    code = "misconfigured"
