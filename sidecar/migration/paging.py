# SPDX-License-Identifier: Apache-2.0
"""How a listing goes from page to page: one class a way, none of which keeps any state.

Where a listing stands is a token, one JSON value. Only some tokens are worth writing down: cursors
and links belong to the store, may run out and may hold values, so a sweep that was interrupted
between those begins again, and leaves what is done already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

import httpx
import msgspec

from sidecar.fieldpath import FieldPath
from sidecar.message import Headers
from sidecar.migration.members import NULL, as_text, find_value, values_at
from sidecar.migration.slots import Slot, Values

_EMPTY = frozenset({NULL, b'""', b"false"})


class Listed(NamedTuple):
    """One page as it came: the head and body of the answer, and the records in it."""

    headers: Headers
    body: bytes
    records: Sequence[bytes]


class Paging(Protocol):
    """A way from page to page."""

    words: ClassVar[frozenset[str]]
    """The slots that it fills in the request."""
    resumes: ClassVar[bool]
    """Whether a token may be written down and used later."""

    @property
    def first(self) -> bytes:
        """The token of the first page."""

    def values(self, token: bytes) -> Values:
        """What fills the slots of the request for a page."""

    def target(self, token: bytes) -> str | None:
        """The target that replaces the request's own, where the token is one."""

    def following(self, token: bytes, page: Listed) -> bytes | None:
        """The token of the page behind `page`; None where that was the last."""


class _Slotted:
    """Fills one slot of the request with the token."""

    words: ClassVar[frozenset[str]]

    def values(self, token: bytes) -> Values:
        return {Slot(word): token for word in self.words}

    def target(self, token: bytes) -> str | None:  # noqa: ARG002 - the port's signature
        return None


class OnePage(_Slotted):
    """The first answer holds everything."""

    words: ClassVar = frozenset[str]()
    resumes: ClassVar = True
    first = NULL

    def following(self, token: bytes, page: Listed) -> bytes | None:  # noqa: ARG002 - likewise
        return None


@dataclass(frozen=True)
class ByNumber(_Slotted):
    """Pages are numbered; the first without records is behind the last."""

    words: ClassVar = frozenset({"page"})
    resumes: ClassVar = True
    first: bytes = b"1"

    def following(self, token: bytes, page: Listed) -> bytes | None:
        return b"%d" % (int(token) + 1) if page.records else None


@dataclass(frozen=True)
class ByOffset(_Slotted):
    """Pages begin behind so many records."""

    words: ClassVar = frozenset({"offset"})
    resumes: ClassVar = True
    first: bytes = b"0"

    def following(self, token: bytes, page: Listed) -> bytes | None:
        return b"%d" % (int(token) + len(page.records)) if page.records else None


@dataclass(frozen=True)
class ByLast(_Slotted):
    """Pages begin behind the last record of the page before, by a member that orders the records.

    The only way that misses nothing while records come and go.
    """

    member: FieldPath
    words: ClassVar = frozenset({"last"})
    resumes: ClassVar = True
    first: bytes = NULL

    def following(self, token: bytes, page: Listed) -> bytes | None:  # noqa: ARG002 - likewise
        return find_value(page.records[-1], self.member) if page.records else None


@dataclass(frozen=True)
class ByCursor(_Slotted):
    """The answer says by which word the next page is asked for."""

    at: FieldPath
    words: ClassVar = frozenset({"cursor"})
    resumes: ClassVar = False
    first: bytes = NULL

    def following(self, token: bytes, page: Listed) -> bytes | None:  # noqa: ARG002 - likewise
        cursor = find_value(page.body, self.at)
        return None if cursor in _EMPTY else cursor


@dataclass(frozen=True)
class ByLink:
    """The answer links to the next page: in its body, or by `Link: <…>; rel="next"` (RFC 8288)."""

    at: FieldPath | None = None
    words: ClassVar = frozenset[str]()
    resumes: ClassVar = False
    first: bytes = NULL

    def values(self, token: bytes) -> Values:  # noqa: ARG002 - likewise
        return {}

    def target(self, token: bytes) -> str | None:
        return None if token == NULL else msgspec.json.decode(token, type=str)

    def following(self, token: bytes, page: Listed) -> bytes | None:  # noqa: ARG002 - likewise
        if self.at is None:
            link = httpx.Response(200, headers=list(page.headers)).links.get("next")
            return msgspec.json.encode(link["url"]) if link else None
        found = as_text(values_at(page.body, self.at))
        return msgspec.json.encode(found) if found else None
