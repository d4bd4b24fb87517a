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
from typing import Any

from sidecar.kms.policy.addresses import read_address, read_network
from sidecar.kms.policy.wildcard import matches

type Read = Callable[[str], Any]
type Compare = Callable[[Any, Any], bool]

_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Values:
    """What a family of operators compares; both readers raise ValueError."""

    family: str
    wanted: str
    """What a value must be, for the one who wrote the policy."""
    read: Read
    read_expected: Read


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator; `compare` takes the request's value and the policy's."""

    name: str
    values: Values
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


def _spelled(text: str, pattern: str) -> bool:
    return matches(pattern, text)


def _within(address: Any, network: Any) -> bool:
    return address in network


def _pair(names: tuple[str, str], values: Values, compare: Compare) -> list[Operator]:
    """An operator and its negation."""
    plain, negated = names
    return [Operator(plain, values, compare), Operator(negated, values, compare, is_negated=True)]


def _ordered(values: Values) -> list[Operator]:
    """The six comparisons of values that have an order."""
    kind = values.family
    compares: dict[str, Compare] = {
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    return [
        *_pair((f"{kind}Equals", f"{kind}NotEquals"), values, operator.eq),
        *(Operator(f"{kind}{word}", values, compare) for word, compare in compares.items()),
    ]


_TEXTS = Values("String", "text", str, str)
_FOLDED = Values("String", "text", str.casefold, str.casefold)
_NUMBERS = Values("Numeric", "a number such as 10 or 2.5", _number, _number)
_DATES = Values("Date", "a date such as 2026-01-31T08:00:00Z or …T08:00:00+08:00", _date, _date)
_BOOLEANS = Values("Bool", "true or false", _boolean, _boolean)
_ADDRESSES = Values(
    "IpAddress", "an IP address or a network such as 10.0.0.0/8", read_address, read_network
)
_ALL = (
    *_pair(("StringEquals", "StringNotEquals"), _TEXTS, operator.eq),
    *_pair(("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"), _FOLDED, operator.eq),
    *_pair(("StringLike", "StringNotLike"), _TEXTS, _spelled),
    *_ordered(_NUMBERS),
    *_ordered(_DATES),
    Operator("Bool", _BOOLEANS, operator.eq),
    *_pair(("IpAddress", "NotIpAddress"), _ADDRESSES, _within),
)
OPERATORS: Mapping[str, Operator] = {one.name: one for one in _ALL}
