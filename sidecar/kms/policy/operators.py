# SPDX-License-Identifier: Apache-2.0
"""The condition operators of RAM: how the policy's value is read, the request's, and compared.

`…Not…` is the exact negation of the operator without `Not`: it holds where no value of the policy
matches, and therefore also where the request lacks the key. (The vendor's pages are silent on a
lacking key; a Deny with a negated operator thus denies in doubt.) Every other operator fails there.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Any

from sidecar.kms.policy.wildcard import matches

type Read = Callable[[str], Any]
type Compare = Callable[[Any, Any], bool]

_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator; both readers raise ValueError, `compare` takes (request's, policy's)."""

    name: str
    wanted: str
    """What a value must be, for the one who wrote the policy."""
    read: Read
    read_expected: Read
    compare: Compare
    is_negated: bool = field(default=False, kw_only=True)


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return Decimal(text)


def _date(text: str) -> datetime:
    if not _DATE.fullmatch(text):
        raise ValueError
    return datetime.fromisoformat(text)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def _ordered(kind: str, wanted: str, read: Read) -> list[Operator]:
    """The six comparisons of a kind of values that have an order."""
    compares: dict[str, Compare] = {
        "Equals": operator.eq,
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    negated = Operator(f"{kind}NotEquals", wanted, read, read, operator.eq, is_negated=True)
    return [
        *(Operator(f"{kind}{word}", wanted, read, read, test) for word, test in compares.items()),
        negated,
    ]


def _pair(names: tuple[str, str], wanted: str, how: tuple[Read, Read, Compare]) -> list[Operator]:
    """An operator and its negation."""
    plain, negated = names
    return [Operator(plain, wanted, *how), Operator(negated, wanted, *how, is_negated=True)]


def _spelled(text: str, pattern: str) -> bool:
    return matches(pattern, text)


def _within(address: Any, network: Any) -> bool:
    return address in network


_ALL = (
    *_pair(("StringEquals", "StringNotEquals"), "text", (str, str, operator.eq)),
    *_pair(
        ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        "text",
        (str.casefold, str.casefold, operator.eq),
    ),
    *_pair(("StringLike", "StringNotLike"), "text", (str, str, _spelled)),
    *_ordered("Numeric", "a number such as 10 or 2.5", _number),
    *_ordered("Date", "a date such as 2026-01-31T08:00:00Z or …T08:00:00+08:00", _date),
    Operator("Bool", "true or false", _boolean, _boolean, operator.eq),
    *_pair(
        ("IpAddress", "NotIpAddress"),
        "an IP address or a network such as 10.0.0.0/8",
        (ip_address, ip_network, _within),
    ),
)
OPERATORS: Mapping[str, Operator] = {one.name: one for one in _ALL}
