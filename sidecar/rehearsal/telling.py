# SPDX-License-Identifier: Apache-2.0
"""Accounts of exchanges: the verdict is the transform's own, the sites are read with its adapter.

They are read once as they came and once as the store would get them, so that what is told of a
sealed value is what really became of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sidecar.backends import BACKENDS, Value, is_coded, uncode_request, uncode_response
from sidecar.errors import SidecarError
from sidecar.message import Refusal, RequestHead
from sidecar.recorded import Answer, Exchange
from sidecar.rehearsal.account import Account, Context, Refused, Side, Site
from sidecar.rehearsal.coverage import nearest_host, spell_path, stray_members, why_not
from sidecar.rehearsal.shapes import describe
from sidecar.rehearsal.stage import Stage, staged
from sidecar.rules import Match, Phase, RuleSet, explain_field
from sidecar.transform import BODY_LIMIT, RuledHold
from sidecar.transform.values import treatment_of

_REFUSED = "refused"


async def give_accounts(
    rule_set: RuleSet, exchanges: Iterable[Exchange], *, show_values: bool = False
) -> list[Account]:
    """What the proxy would do with each exchange; rules in `monitor` as if they enforced."""
    enforced = RuleSet(
        tuple(
            replace(rule, phase=Phase.ENFORCE) if rule.phase is Phase.MONITOR else rule
            for rule in rule_set.rules
        )
    )
    async with staged(enforced) as stage:
        telling = _Telling(rule_set, stage, show_values=show_values)
        return [await telling.tell(exchange) for exchange in exchanges]


class _Telling:
    def __init__(self, rule_set: RuleSet, stage: Stage, *, show_values: bool) -> None:
        self._rule_set = rule_set
        self._stage = stage
        self._show_values = show_values

    async def tell(self, exchange: Exchange) -> Account:
        head, stage = exchange.head, self._stage
        claim = stage.claim(head)
        match = claim.match if isinstance(claim, RuledHold) else stage.find(head)
        request, answer = Side("unchanged"), None
        if isinstance(claim, Refusal):
            request = _refused(claim)
        elif isinstance(claim, RuledHold):
            request = await self._request(claim, exchange.body)
            if exchange.answer is not None and request.refused is None:
                answer = await self._answer(claim, exchange.answer)
        rules = self._rule_set.rules
        rule = next((each for each in rules if match and each.name == match.rule.name), None)
        near = sorted(rules, key=lambda each: head.authority not in each.store.hosts)
        return Account(
            method=head.method.decode("latin-1"),
            host=head.authority,
            path=spell_path(self._rule_set, head.target, show_values=self._show_values),
            length=len(exchange.body),
            rule=rule.name if rule else "",
            phase=rule.phase if rule else "",
            request=request,
            answer=answer,
            others={each.name: why_not(each, head) for each in near if each is not rule},
            absent=_absent(match, request, exchange.body) if match else {},
            nearest_host=nearest_host(self._rule_set, head.authority),
        )

    async def _request(self, hold: RuledHold, body: bytes) -> Side:
        verdict = await self._stage.seal(hold, body)
        if isinstance(verdict, Refusal):
            return _refused(verdict)
        before = _values(hold.head, hold.match, body)
        match = self._stage.find(verdict.head) or hold.match
        after = _stored(verdict.head, match, verdict.body)
        if len(after) != len(before):
            after = ["sealed"] * len(before)  # the store's form of it is not read the same way
        sites = self._sites(hold, before, after)
        return Side("sealed" if sites else "unchanged", sites)

    async def _answer(self, hold: RuledHold, answer: Answer) -> Side:
        adapter = BACKENDS[hold.match.rule.store.kind].bind(hold.match.rule)
        values: Sequence[Value] = ()
        sealed = 0
        try:
            head, body = answer
            if body and is_coded(head):
                head, body = uncode_response(head, body, BODY_LIMIT)
            message = adapter.read_response(head, hold.match.variables, body)
            values, sealed = message.values, message.claims
        except SidecarError:
            pass  # the transform meets it as well, and words the refusal
        if not sealed:
            verdict = await self._stage.open(hold, answer)
            if isinstance(verdict, Refusal):
                return _refused(verdict)
        after = [_fate(value, hold.match.rule.phase) for value in values]
        sites = self._sites(hold, values, after)
        if any(fate.startswith(_REFUSED) for fate in after):
            return Side(_REFUSED, sites)
        return Side("opened" if sites else "unchanged", sites)

    def _sites(
        self, hold: RuledHold, values: Sequence[Value], after: list[str]
    ) -> tuple[Site, ...]:
        rule = hold.match.rule
        return tuple(
            Site(
                path=value.field.label,
                treatment=explain_field(value.field),
                before=describe(value.lexeme),
                after=fate,
                context=Context(
                    rule.store.name,
                    rule.collection,
                    value.field.name,
                    hold.tenant,
                    value.record or "",
                ),
                value=value.lexeme.decode() if self._show_values else "",
            )
            for value, fate in zip(values, after, strict=True)
        )


def _values(head: RequestHead, match: Match, body: bytes) -> Sequence[Value]:
    adapter = BACKENDS[match.rule.store.kind].bind(match.rule)
    if body and is_coded(head):
        head, body = uncode_request(head, body, BODY_LIMIT)
    return adapter.read_request(head, match.variables, match.query, body).values


def _stored(head: RequestHead, match: Match, body: bytes) -> list[str]:
    """What stands at the places of a sealed request, as far as it is read like any other."""
    try:
        return [describe(value.lexeme) for value in _values(head, match, body)]
    except SidecarError:
        return []


def _fate(value: Value, phase: Phase) -> str:
    """What reading makes of a value of an answer, as far as that can be told without its key."""
    if value.lexeme == b"null":
        return "null"
    try:
        stored = treatment_of(value.field).find(value.lexeme)
    except SidecarError:
        return f"{_REFUSED}: a broken envelope"
    if stored is None and phase is Phase.ENFORCE:
        return f"{_REFUSED}: it was never sealed"
    if stored is None:
        return "as it is: it was never sealed"
    if isinstance(stored, str):
        return "every digit exchanged back"
    return "opened, if it was sealed for this place"


def _refused(refusal: Refusal) -> Side:
    told = Refused(refusal.status, refusal.code, refusal.body.decode("utf-8", "replace"))
    return Side(_REFUSED, refused=told)


def _absent(match: Match, request: Side, body: bytes) -> dict[str, list[str]]:
    if request.refused is not None:
        return {}
    found = {site.path for site in request.sites}
    return {
        field.label: stray_members(field, body)
        for field in match.rule.all_fields
        if field.label not in found
    }
