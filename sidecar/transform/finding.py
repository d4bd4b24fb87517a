# SPDX-License-Identifier: Apache-2.0
"""Which rule a request falls under, and that no field of its head carries a value past that rule.

The rule is that of every reading which a store may take (`overrides`), or the request is Malformed.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from sidecar.errors import Malformed, Refused
from sidecar.message import RequestHead
from sidecar.rules import Match, Phase, Plan
from sidecar.transform.bound import BoundRule
from sidecar.transform.overrides import Told, other_readings, told_targets

_OPEN_PAGES = ("GET", "POST")
"""By these methods browsers come to a page, which they then tell in `Referer`."""


def find_match(plan: Plan, rules: Mapping[str, BoundRule], head: RequestHead) -> Match | None:
    """The rule of a request, if any names it.

    Raises:
        Malformed: A store may take it for one of another rule, or a field of its head has a value
            in it that is sealed where it stands in a target.
    """
    match = plan.find(head.authority, head.method.decode("latin-1"), head.target)
    readings = other_readings(head)
    for method, target in readings:
        other = plan.find(head.authority, method, target)
        if not _is_same(other, match):
            raise Malformed("the request asks to be taken for one of another rule or record")
    if readings and any(_carries_values(plan, rules, head, told) for told in told_targets(head)):
        raise Malformed(
            "a header such as Referer tells a target once more, and a protected value in it; let "
            "pages with such URLs say `Referrer-Policy: origin`"
        )
    return match


def _is_same(one: Match | None, other: Match | None) -> bool:
    """Whether both are the same rule and record."""
    if one is None or other is None:
        return one is other
    return one.rule is other.rule and one.variables == other.variables


def _carries_values(
    plan: Plan, rules: Mapping[str, BoundRule], head: RequestHead, told: Told
) -> bool:
    """Whether a request for what is told has a value sealed; it would go on in clear here."""
    for method in {head.method.decode("latin-1"), *_OPEN_PAGES}:
        try:
            match = plan.find(head.authority, method, told.target)
        except Malformed:
            return told.is_own
        if match is None or match.rule.phase is Phase.MONITOR:
            continue
        asked = replace(head, method=method.encode("latin-1"), target=told.target, headers=())
        try:
            adapter = rules[match.rule.name].adapter
            if adapter.read_request(asked, match.variables, match.query, b"").values:
                return True
        except Refused:
            return True
    return False
