# SPDX-License-Identifier: Apache-2.0
"""Reads a policy document: RAM's grammar, version 1, and nothing besides.

    policy    = {"Version": "1", "Statement": [statement, ...]}
    statement = {"Effect": "Allow" | "Deny",  "Action" | "NotAction": one or more,
                 "Resource": one or more,  "Condition"?: {operator: {key: one or more}}}

The policy of a key names whom it means as well, and no other resource than itself:

    statement = {"Sid"?: text,  "Effect", "Action" | "NotAction", "Condition"? as above,
                 "Principal": {"RAM": one or more},  "Resource": "*"}

The trust policy of a role names who may assume it:

    statement = {"Effect",  "Action": "sts:AssumeRole",  "Condition"?,
                 "Principal": {"RAM" | "Federated": one or more}}

A single value is a list of one. Whatever is not in the grammar is refused, never skipped: a policy
that is half understood protects something else than its author thinks.
"""

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Literal

from sidecar.errors import Misconfigured
from sidecar.kms.policy.facts import FAMILIES, TAG_PREFIX, TRUST_PREFIXES
from sidecar.kms.policy.operators import OPERATORS, Operator
from sidecar.kms.policy.statement import RESOURCE_PARTS, Condition, ResourcePattern, Statement
from sidecar.strict_yaml import nearest

_ACTION = re.compile(r"[A-Za-z0-9*?_-]+:[A-Za-z0-9*?_]+", re.ASCII)
_TAG_NAME = re.compile(r"\S{1,128}")
MAX_PATTERN = 1024
"""Characters of a pattern or value; ARNs and context values are far shorter."""

MAX_SID = 128

_RAM_PRINCIPAL = re.compile(
    r"acs:ram::[0-9]{1,32}:(?:root|\*|user/[A-Za-z0-9._-]{1,64}|role/[A-Za-z0-9._-]{1,64})",
    re.ASCII,
)
_PROVIDER = re.compile(r"acs:ram::[0-9]{1,32}:oidc-provider/[A-Za-z0-9._-]{1,128}", re.ASCII)

type Steps = tuple[str | int, ...]


class Kind(Enum):
    """What a policy hangs on."""

    IDENTITY = auto()
    """A user, group or role: it says what they may."""
    KEY = auto()
    TRUST = auto()
    """A role: it says who may assume it."""


class BadPolicy(Misconfigured):
    """A document that is no policy: `steps` lead from its root to the place of `problem`."""

    def __init__(self, steps: Steps, problem: str) -> None:
        # repr spells out what no answer can carry: JSON can name a key by half of a surrogate pair.
        path = "".join(f"[{s}]" if isinstance(s, int) else f".{repr(s)[1:-1]}" for s in steps)
        super().__init__(f"policy: ${path}: {problem}")
        self.steps = steps
        self.problem = problem


def read_json(text: str) -> object:
    """A document as it is written; raise BadPolicy where it is no JSON, or could be read two ways.

    Two members of one name are not taken for the last of them, as JSON's readers do: a statement
    with two conditions of one operator would be read as if it had one.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise BadPolicy((), "it is not JSON") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise BadPolicy((), f"{name!r} stands twice in one mapping")
        members[name] = value
    return members


def read_statements(document: object, kind: Kind = Kind.IDENTITY) -> tuple[Statement, ...]:
    """The statements of a policy document; raise BadPolicy."""
    members = _members((), document, needed=("Version", "Statement"))
    if members["Version"] != "1":
        raise BadPolicy(("Version",), 'the version is "1"')
    statements = members["Statement"]
    if not isinstance(statements, list) or not statements:
        raise BadPolicy(("Statement",), "expected a list of statements")
    return tuple(_statement(("Statement", i), entry, kind) for i, entry in enumerate(statements))


_MEMBERS: Mapping[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Kind.IDENTITY: (("Effect", "Resource"), ("Action", "NotAction", "Condition")),
    Kind.KEY: (
        ("Effect", "Resource", "Principal"),
        ("Action", "NotAction", "Condition", "Sid"),
    ),
    Kind.TRUST: (("Effect", "Action", "Principal"), ("Condition",)),
}
"""The members that a statement must have, and those that it may have."""


def _statement(steps: Steps, document: object, kind: Kind) -> Statement:
    members = _members(steps, document, *_MEMBERS[kind])
    effect = _effect((*steps, "Effect"), members["Effect"])
    if ("Action" in members) is ("NotAction" in members):
        raise BadPolicy(steps, "expected one of 'Action' and 'NotAction'")
    word = "Action" if "Action" in members else "NotAction"
    actions = list(_texts((*steps, word), members[word]))
    resources = list(_texts((*steps, "Resource"), members.get("Resource", "*")))
    if kind is Kind.TRUST and any(text != "sts:AssumeRole" for _, text in actions):
        raise BadPolicy((*steps, word), "the action of a trust policy is sts:AssumeRole")
    if kind is Kind.KEY and any(text != "*" for _, text in resources):
        raise BadPolicy((*steps, "Resource"), "the resource of a key's policy is *: the key")
    if not isinstance(sid := members.get("Sid", ""), str) or len(sid) > MAX_SID:
        raise BadPolicy((*steps, "Sid"), f"expected a text of at most {MAX_SID} characters")
    return Statement(
        effect=effect,
        actions=tuple(_action(*entry) for entry in actions),
        is_not_action=word == "NotAction",
        resources=tuple(_resource(*entry) for entry in resources),
        conditions=tuple(_conditions((*steps, "Condition"), members.get("Condition", {}), kind)),
        principals=_principals((*steps, "Principal"), members.get("Principal"), kind),
    )


def _principals(steps: Steps, document: object, kind: Kind) -> frozenset[str] | None:
    if kind is Kind.IDENTITY:
        return None
    grammars = {"RAM": _RAM_PRINCIPAL}
    if kind is Kind.TRUST:
        grammars["Federated"] = _PROVIDER
    named = _members(steps, document, (), tuple(grammars))
    if not named:
        raise BadPolicy(steps, "names nobody")
    principals: set[str] = set()
    for word, values in named.items():
        for place, text in _texts((*steps, word), values):
            if not grammars[word].fullmatch(text):
                raise BadPolicy(
                    place,
                    "a principal is acs:ram::<account>:root, …:user/<name> or …:role/<name>"
                    if word == "RAM"
                    else "a provider is acs:ram::<account>:oidc-provider/<name>",
                )
            principals.add(text)
    return frozenset(principals)


def _effect(steps: Steps, value: object) -> Literal["Allow", "Deny"]:
    match value:
        case "Allow":
            return "Allow"
        case "Deny":
            return "Deny"
    raise BadPolicy(steps, "expected Allow or Deny")


def _action(steps: Steps, text: str) -> str:
    if text != "*" and not _ACTION.fullmatch(text):
        raise BadPolicy(steps, "an action is * or service:Name, such as kms:Decrypt or kms:List*")
    return text.lower()


def _resource(steps: Steps, text: str) -> ResourcePattern:
    if text == "*":
        return ResourcePattern(("*",) * RESOURCE_PARTS)
    parts = tuple(text.split(":", RESOURCE_PARTS - 1))
    if len(parts) != RESOURCE_PARTS or parts[0] != "acs":
        raise BadPolicy(
            steps, "a resource is * or acs:service:region:account:name, such as acs:kms:*:*:key/*"
        )
    return ResourcePattern(parts)


def _conditions(steps: Steps, document: object, kind: Kind) -> Iterator[Condition]:
    for name, keys in _mapping(steps, document).items():
        if name not in OPERATORS:
            problem = f"{name!r} is not a condition operator{nearest(name, OPERATORS)}"
            raise BadPolicy((*steps, name), problem)
        for key, values in _mapping((*steps, name), keys).items():
            if key.startswith(TRUST_PREFIXES) and kind is not Kind.TRUST:
                raise BadPolicy((*steps, name, key), f"{key} is for trust policies alone")
            yield _condition((*steps, name, key), OPERATORS[name], key, values)


def _condition(steps: Steps, operator: Operator, key: str, values: object) -> Condition:
    is_tag = key.startswith(TAG_PREFIX) and _TAG_NAME.fullmatch(key.removeprefix(TAG_PREFIX))
    family = operator.values.family
    if key not in FAMILIES and not is_tag:
        known = (*FAMILIES, f"{TAG_PREFIX}<name>")
        raise BadPolicy(steps, f"{key!r} is not a condition key{nearest(key, known)}")
    if key in FAMILIES and FAMILIES[key] != family:
        raise BadPolicy(steps, f"{operator.name} does not apply to {key}")
    expected = tuple(_expected(operator, *entry) for entry in _texts(steps, values))
    if family == "Bool" and len(expected) > 1:
        raise BadPolicy(steps, "Bool takes one value: true or false")
    return Condition(operator, key, expected)


def _expected(operator: Operator, steps: Steps, text: str) -> object:
    try:
        return operator.values.read_expected(text)
    except ValueError:
        raise BadPolicy(steps, f"{operator.name} needs {operator.values.wanted}") from None


def _members(
    steps: Steps, document: object, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Mapping[str, object]:
    """A mapping with these members and no others."""
    members = _mapping(steps, document)
    known = (*needed, *optional)
    for name in members:
        if name not in known:
            raise BadPolicy((*steps, name), f"unknown key {name!r}{nearest(name, known)}")
    for name in needed:
        if name not in members:
            raise BadPolicy(steps, f"{name!r} is missing")
    return members


def _mapping(steps: Steps, document: object) -> Mapping[str, object]:
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise BadPolicy(steps, "expected a mapping")
    return document


def _texts(steps: Steps, value: object) -> Iterator[tuple[Steps, str]]:
    """The texts of one value or of a list of at least one, each with its place."""
    entries = [((*steps, i), one) for i, one in enumerate(value)] if isinstance(value, list) else []
    for place, one in entries or [(steps, value)]:
        # JSON's true and 10 are written without quotes by some authors; they mean their text.
        text = str(one).lower() if isinstance(one, bool) else one
        text = str(text) if isinstance(text, int) else text
        if not isinstance(text, str) or not 0 < len(text) <= MAX_PATTERN:
            raise BadPolicy(place, f"expected a text of 1 to {MAX_PATTERN} characters")
        if "${" in text:
            raise BadPolicy(place, "policy variables (${...}) are not supported")
        yield place, text
