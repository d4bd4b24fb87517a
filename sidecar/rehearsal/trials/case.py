# SPDX-License-Identifier: Apache-2.0
"""A test case as values: a request, what is expected of it, and of the store's answer."""

from __future__ import annotations

from typing import NamedTuple

from sidecar.recorded import Exchange
from sidecar.rehearsal.trials.trees import Tree


class Content(NamedTuple):
    """A body: JSON as a tree, or any text; both may have placeholders."""

    json: Tree = None
    text: str | None = None

    @property
    def is_json(self) -> bool:
        return self.text is None


class Stored(NamedTuple):
    """What the store gets; a part that is None may be anything."""

    line: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    content: Content | None = None


class Unchanged(NamedTuple):
    """A rule holds, and the body goes to the store as it came."""


class Passes(NamedTuple):
    """No rule holds."""


class Refused(NamedTuple):
    """The code that the client is told, and perhaps its status."""

    code: str
    status: int | None = None


class StoreAnswer(NamedTuple):
    """What the store answers; without `content` what it got."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: Content | None


class Reply(NamedTuple):
    """What the client gets of the answer."""

    status: int | None
    content: Content | None


type Expected = Stored | Unchanged | Passes | Refused


class Case(NamedTuple):
    """One test case. `before` is a request that the store has got already.

    A refusal is expected of the request, or of the answer where there is one.
    """

    name: str
    where: str
    before: Exchange | None
    request: Exchange
    expected: Expected
    answer: StoreAnswer | None
    reply: Reply | None
