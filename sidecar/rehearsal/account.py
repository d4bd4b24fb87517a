# SPDX-License-Identifier: Apache-2.0
"""What happens to one exchange, as data: the rule, the sites, what is stored, what is refused.

Of values only kinds and lengths are told, unless somebody asks for more (`telling`).
"""

from __future__ import annotations

from typing import NamedTuple


class Context(NamedTuple):
    """What a value is bound to; empty members do not apply."""

    store: str
    collection: str
    field: str
    tenant: str
    record: str


class Site(NamedTuple):
    """A place of a message that the rule names: what stands there, and what becomes of it.

    `value` is empty unless values are asked for.
    """

    path: str
    treatment: str
    before: str
    after: str
    context: Context
    value: str = ""


class Refused(NamedTuple):
    """What the client is told instead."""

    status: int
    code: str
    body: str


class Side(NamedTuple):
    """What becomes of a request or of an answer: `sealed`, `opened`, `unchanged` or `refused`.

    `refused` is None where that is said by a site, in an answer whose keys nobody has here.
    """

    outcome: str
    sites: tuple[Site, ...] = ()
    refused: Refused | None = None


class Account(NamedTuple):
    """One exchange; `rule` is empty where none holds.

    `others` says why each other rule does not hold, those of the same host first.
    `absent` are fields of the rule that the request does not have, each with places where a member
    of its name stands.
    """

    method: str
    host: str
    path: str
    length: int
    rule: str
    phase: str
    request: Side
    answer: Side | None
    others: dict[str, str]
    absent: dict[str, list[str]]
    nearest_host: str | None
