# SPDX-License-Identifier: Apache-2.0
"""What policies come to, worked out a second time and by other means, from the documents alone.

Nothing of the product is used: patterns become regular expressions, addresses numbers of 128 bits,
times seconds, and a statement is asked as a whole. `policies` draws some over a small world in
which much matches.
"""

import calendar
import re
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from hypothesis import strategies as st

type Document = Mapping[str, Any]

NOW = calendar.timegm((2026, 1, 1, 0, 0, 0))
ACTIONS = ("kms:DescribeKey", "kms:Decrypt", "kms:DisableKey", "kms:GenerateDataKey")
PATTERNS = ("*", "kms:*", "KMS:d*", "kms:D?crypt", "kms:Decrypt", "kms:GenerateDataKey*", "oss:*")
TEAMS = (None, "crm", "CRM", "Straße", "10", "9.5", "true", "::ffff:10.0.0.1", "*")
ADDRESSES = ("10.0.0.1", "::ffff:10.0.0.1", "203.0.113.5", "2001:DB8:0::1")
VALUES: Mapping[str, tuple[object, ...]] = {
    "String": ("crm", "CRM", "STRASSE", "c*", "?rm", "*", "10", "SYMMETRIC_DEFAULT"),
    "Numeric": ("10", "10.0", 10, "9.5", "-1"),
    "Date": (
        *("2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00"),
        *("2025-12-31T23:59:59Z", "2026-01-01T00:00:01-00:00"),
    ),
    "Bool": ("true", "False", True, False),
    "Ip": (
        *("10.0.0.0/8", "10.0.0.1", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1"),
        *("2001:db8::/32", "::/0", "0.0.0.0/0"),
    ),
}
KEYS = {"String": "kms:EncryptionAlgorithm", "Date": "acs:CurrentTime", "Ip": "acs:SourceIp"}


class Request(NamedTuple):
    """One call: what it does to what, and what conditions may ask about it."""

    action: str
    resource: str
    source_ip: str = ADDRESSES[0]
    is_secure: bool = False
    team: str | None = None
    algorithm: str | None = None

    def find(self, key: str) -> str | None:
        return {
            "acs:SourceIp": self.source_ip,
            "acs:CurrentTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW)),
            "acs:SecureTransport": str(self.is_secure),
            "acs:MFAPresent": "false",
            "kms:EncryptionAlgorithm": self.algorithm,
            "kms:tag/team": self.team,
        }[key]


def verdict(
    request: Request,
    ram: list[Document],
    *,
    session: Document | None = None,
    key: Document | None = None,
    names: frozenset[str] = frozenset(),
    account: str = "",
    owner: str = "",
) -> str:
    """`Allow`, `ExplicitDeny` or `ImplicitDeny`, for a caller of `account` who goes by `names`."""
    own = _effects(request, ram)
    named = _effects(request, [key] if key else [], names)
    narrowed = _effects(request, [session]) if session else {"Allow"}
    if "Deny" in own | named | narrowed:
        return "ExplicitDeny"
    if account == owner:
        whole = {f"acs:ram::{owner}:root", f"acs:ram::{owner}:*"}
        named = _effects(request, [key] if key else [], names - whole)
        is_given = "Allow" in own | named
    else:
        is_given = "Allow" in own and "Allow" in named
    return "Allow" if is_given and "Allow" in narrowed else "ImplicitDeny"


def _effects(
    request: Request, some: list[Document], names: frozenset[str] | None = None
) -> set[str]:
    return {
        statement["Effect"]
        for document in some
        for statement in document["Statement"]
        if (names is None or names & set(_list(statement["Principal"]["RAM"])))
        and _applies(statement, request)
    }


def _applies(statement: Document, request: Request) -> bool:
    patterns = _list(statement.get("Action", statement.get("NotAction")))
    is_named = any(_spelled(one.lower(), request.action.lower(), ".*", ".") for one in patterns)
    return (
        is_named is ("Action" in statement)
        and any(
            one == "*" or _spelled(one, request.resource, "[^:]*", "[^:]")
            for one in _list(statement["Resource"])
        )
        and all(
            _holds(operator, request.find(key), list(map(str, _list(values))))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _holds(operator: str, actual: str | None, expected: list[str]) -> bool:
    plain = operator.replace("Not", "")
    try:
        is_met = actual is not None and any(_compare(plain, actual, one) for one in expected)
    except ValueError:  # the request's value is none of this kind
        is_met = False
    return is_met is (plain == operator)


def _compare(operator: str, actual: str, expected: str) -> bool:
    if operator.startswith("String"):
        texts: dict[str, Callable[[], bool]] = {
            "StringEquals": lambda: actual == expected,
            "StringEqualsIgnoreCase": lambda: actual.casefold() == expected.casefold(),
            "StringLike": lambda: _spelled(expected, actual, ".*", "."),
        }
        return texts[operator]()
    if operator == "IpAddress":
        return _is_within(actual, expected)
    if operator == "Bool":
        if actual.lower() not in ("true", "false"):
            raise ValueError
        return actual.lower() == expected.lower()
    family = operator[:4] if operator.startswith("Date") else operator[:7]
    read = _seconds if family == "Date" else _number
    mine, other = read(actual), read(expected)
    return {
        "Equals": mine == other,
        "LessThan": mine < other,
        "LessThanEquals": mine <= other,
        "GreaterThan": mine > other,
        "GreaterThanEquals": mine >= other,
    }[operator.removeprefix(family)]


def _number(text: str) -> Fraction:
    if not re.fullmatch(r"-?[0-9.]+", text):
        raise ValueError
    return Fraction(text)


def _seconds(text: str) -> Fraction:
    written, offset = text[:19], text[19:]
    seconds = calendar.timegm(time.strptime(written, "%Y-%m-%dT%H:%M:%S"))
    if offset != "Z":
        sign = -1 if offset[0] == "+" else 1
        seconds += sign * (int(offset[1:3]) * 3600 + int(offset[4:]) * 60)
    return Fraction(seconds)


def _is_within(address: str, network: str) -> bool:
    """Both as numbers of 128 bits; a network that is not of IPv4 holds no IPv4 address."""
    one, several = ip_address(address), ip_network(network)
    shift = 0xFFFF << 32
    number = int(one) + (shift if one.version == 4 else 0)
    first = int(several.network_address) + (shift if several.version == 4 else 0)
    length = several.prefixlen + (96 if several.version == 4 else 0)
    is_mapped = number >> 32 == 0xFFFF
    is_of_mapped = length >= 96 and first >> 32 == 0xFFFF
    return is_mapped is is_of_mapped and number >> (128 - length) == first >> (128 - length)


def _spelled(pattern: str, text: str, many: str, one: str) -> bool:
    parts = {"*": many, "?": one}
    expression = "".join(parts.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _one_or_more(values: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    one = st.sampled_from(values)
    return one | st.lists(one, min_size=1, max_size=2)


@st.composite
def _conditions(draw: st.DrawFn) -> Document:
    conditions: dict[str, dict[str, object]] = {}
    for _ in range(draw(st.sampled_from((0, 0, 1, 1, 2)))):
        family = draw(st.sampled_from(tuple(VALUES)))
        words = {
            "String": (
                *("Equals", "NotEquals", "Like", "NotLike"),
                *("EqualsIgnoreCase", "NotEqualsIgnoreCase"),
            ),
            "Bool": ("",),
            "Ip": ("IpAddress", "NotIpAddress"),
        }
        ordered = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan")
        word = draw(st.sampled_from(words.get(family, (*ordered, "GreaterThanEquals"))))
        operator = word if family == "Ip" else f"{family}{word}"
        typed = draw(st.sampled_from(("acs:SecureTransport", "acs:MFAPresent")))
        own = typed if family == "Bool" else KEYS.get(family, "kms:tag/team")
        key = draw(st.sampled_from((own, "kms:tag/team")))
        many = st.sampled_from(VALUES[family]) if family == "Bool" else _one_or_more(VALUES[family])
        conditions.setdefault(operator, {})[key] = draw(many)
    return conditions


@st.composite
def policies(
    draw: st.DrawFn, resources: tuple[str, ...] = ("*",), principals: tuple[str, ...] = ()
) -> Document:
    """A policy; with `principals`, that of a key."""
    statements = []
    for _ in range(draw(st.integers(1, 3))):
        statement = {
            "Effect": draw(st.sampled_from(("Allow", "Allow", "Deny"))),
            draw(st.sampled_from(("Action", "Action", "NotAction"))): draw(_one_or_more(PATTERNS)),
            "Resource": "*" if principals else draw(_one_or_more(resources)),
            "Condition": draw(_conditions()),
        }
        if principals:
            statement["Principal"] = {"RAM": draw(_one_or_more(principals))}
        statements.append(statement)
    return {"Version": "1", "Statement": statements}
