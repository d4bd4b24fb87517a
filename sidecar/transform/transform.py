# SPDX-License-Identifier: Apache-2.0
"""Claim, seal a request, open an answer: the order of work, and nothing else.

    rule (claim) → values (backend, codec) → keys → each value → splice → repair

Plain code while keys are at hand; where one has to be waited for, the rest is a coroutine. What
each step does stands elsewhere: rules find the rule, backends find values and word refusals,
`values` seals and opens one. Whatever the sidecar raises on purpose becomes a refusal here,
anything else in the proxy's guard. A rule in the phase `monitor` counts what it would do and does
nothing else.
"""

import logging
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from functools import lru_cache, partial
from typing import Any, Literal

from sidecar.backends import (
    Unbound,
    bodiless_response,
    is_coded,
    problem,
    uncode_request,
    uncode_response,
)
from sidecar.errors import Malformed, Misconfigured, SidecarError
from sidecar.keys import Keyring
from sidecar.message import REMEMBERED, Refusal, RequestHead, ResponseHead
from sidecar.rules import Phase, Plan
from sidecar.transform.bound import BoundRule, Wanted
from sidecar.transform.finding import find_match
from sidecar.transform.room import Room
from sidecar.transform.sites import (
    check_stored,
    find_in_answer,
    shows_fingerprint,
    sites_to_seal,
)
from sidecar.transform.stats import TransformStats
from sidecar.transform.tenant import find_tenant
from sidecar.transform.verdicts import PASS, Later, Opened, RuledHold, Sealed, Unnamed
from sidecar.transform.work import ToOpen, ToSeal, check_length, to_client

logger = logging.getLogger(__name__)

BODY_LIMIT = 8 * 1024 * 1024
UNCODED_LIMIT = 64 * 1024 * 1024
"""Bytes of bodies that came compressed, of all messages that wait for a key."""
_WITHOUT_BODY = frozenset({204, 304})
_FIRST_ERROR = 400


class Transform:
    """The rules of `plan` at work with the keys of `keyring`; Misconfigured where one cannot be.

    `clock` tells seconds since 1970: what clears a caller may have an end.
    """

    def __init__(
        self,
        plan: Plan,
        keyring: Keyring,
        body_limit: int = BODY_LIMIT,
        stats: TransformStats | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.stats = stats or TransformStats()
        self._plan = plan
        self._body_limit = body_limit
        self._clock = clock
        self._room = Room(UNCODED_LIMIT)
        self._bound = {rule.name: BoundRule(rule, keyring) for rule in plan.rules}
        self._find_hold = lru_cache(REMEMBERED)(partial(_find_hold, plan, self._bound, body_limit))
        self._seal_bare = lru_cache(REMEMBERED)(partial(_seal_bare, self._bound))
        active = [rule for rule in plan.rules if rule.phase is not Phase.MONITOR]
        self._active_hosts = {host for rule in active for host in rule.store.hosts}

    @property
    def hosts(self) -> Collection[str]:
        """Every destination that some rule names."""
        return self._plan.hosts

    def protects(self, authority: str) -> bool:
        """Whether some rule names this destination."""
        return self._plan.protects(authority)

    def claim(self, head: RequestHead) -> Literal[Unnamed.PASS] | RuledHold | Refusal:
        """Whether the request passes as it is, is held to be sealed, or is refused already."""
        try:
            hold = self._find_hold(head)
        except Malformed as error:
            if head.authority.lower() in self._active_hosts:
                return self.refusal(None, error)
            self.stats.would_refuse["", error.code] += 1
            return PASS
        if hold is None:
            return PASS
        if hold.tenant or not (header := self._bound[hold.match.rule.name].tenant_header):
            return hold
        why = (
            f"the header {header.decode()}, which names the tenant, is missing, doubled, empty, "
            "not text or has a comma in it"
        )
        return self._refuse(hold, Unbound(why)) or hold

    def seal(self, hold: RuledHold, body: bytes) -> Sealed | Refusal | Later[Sealed]:
        """The request to send to the store, or what to tell the client instead."""
        head, plain, uncoded = hold.head, body, 0
        try:
            if not body and (sealed := self._seal_bare(hold)):
                return sealed
            check_length(body, hold.body_limit)
            if body and is_coded(head):
                head, plain = uncode_request(head, body, hold.body_limit)
                uncoded = len(plain)
            return self._seal(hold, head, plain, uncoded)
        except Exception as error:  # noqa: BLE001 - `_refuse` raises again what is not its own
            return self._refuse(hold, error) or Sealed(hold.head, body)

    def open(
        self, hold: RuledHold, head: ResponseHead, body: bytes
    ) -> Opened | Refusal | Later[Opened]:
        """The answer to hand to the client, or what to tell it instead."""
        plain_head, plain, uncoded = head, body, 0
        try:
            if hold.head.method == b"HEAD" or head.status in _WITHOUT_BODY:
                return self._open_bare(hold, head)
            check_length(body, hold.body_limit)
            if body and is_coded(head):
                plain_head, plain = uncode_response(head, body, hold.body_limit)
                uncoded = len(plain)
            return self._open(hold, plain_head, plain, uncoded)
        except Exception as error:  # noqa: BLE001 - `_refuse` raises again what is not its own
            return self._refuse(hold, error) or Opened(head, body)

    async def seal_request(self, hold: RuledHold, body: bytes) -> Sealed | Refusal:
        """What `seal` comes to, for those who can wait."""
        sealed = self.seal(hold, body)
        return await sealed if isinstance(sealed, Coroutine) else sealed

    async def open_response(
        self, hold: RuledHold, head: ResponseHead, body: bytes
    ) -> Opened | Refusal:
        """What `open` comes to, for those who can wait."""
        opened = self.open(hold, head, body)
        return await opened if isinstance(opened, Coroutine) else opened

    def refusal(self, hold: RuledHold | None, error: BaseException) -> Refusal:
        """The local answer to `error`; what was not raised on purpose is told without a detail."""
        if not isinstance(error, SidecarError) or isinstance(error, Misconfigured):
            error = SidecarError("the sidecar failed to handle this message")
        name = hold.match.rule.name if hold else ""
        self.stats.refusals[name, error.code] += 1
        return self._bound[name].adapter.refusal(error) if hold else problem(error)

    def _seal(
        self, hold: RuledHold, head: RequestHead, body: bytes, uncoded: int
    ) -> Sealed | Later[Sealed]:
        match = hold.match
        bound = self._bound[match.rule.name]
        message = bound.adapter.read_request(head, match.variables, match.query, body)
        sites = sites_to_seal(bound, hold.tenant, message)
        if hold.observes:
            self.stats.would_seal.update((bound.name, site[0].field.name) for site in sites)
            return Sealed(head, body)
        if not sites:
            return Sealed(*message.finish())
        kinds = bound.only_kind or {treatment.needs_lookup_key for _, treatment, *_ in sites}
        wanted = Wanted(hold.tenant, seals=False in kinds, lookup=True in kinds)
        work = ToSeal(hold, bound, message, sites, wanted)
        keys = bound.at_hand(wanted)
        return self._later(work, uncoded) if keys is None else work.finish(keys, self.stats)

    def _open_bare(self, hold: RuledHold, head: ResponseHead) -> Opened | Later[Opened]:
        """An answer that has no body, whatever came as one."""
        bound = self._bound[hold.match.rule.name]
        if not hold.observes:
            head = bodiless_response(head)
        if bound.reads_heads:
            return self._open(hold, head, b"", 0)
        return to_client(bound, head, b"")

    def _open(
        self, hold: RuledHold, head: ResponseHead, body: bytes, uncoded: int
    ) -> Opened | Later[Opened]:
        bound = self._bound[hold.match.rule.name]
        if bound.adapter.is_silent(head, body):
            return to_client(bound, head, body)
        message = bound.adapter.read_response(head, hold.match.variables, body)
        found = find_in_answer(bound, hold.tenant, message)
        # Of a body that is one value only the answer to a GET is what is stored.
        is_status = bound.is_whole and hold.head.method != b"GET"
        if head.status < _FIRST_ERROR and not is_status:
            check_stored(bound, hold.tenant, found, self.stats)
        sites = found.sites
        if hold.observes:
            self.stats.would_open.update((bound.name, site[0].field.name) for site in sites)
            return Opened(head, body)
        if not sites:
            return to_client(bound, *message.finish())
        masks = bound.masks_for(hold.head, self._clock()) if bound.masks else {}
        lookup = found.needs_lookup_key or shows_fingerprint(sites, masks)
        wanted = Wanted(hold.tenant, edks=found.edks, lookup=lookup)
        work = ToOpen(hold, bound, message, sites, wanted, masks)
        keys = bound.at_hand(wanted)
        return self._later(work, uncoded) if keys is None else work.finish(keys, self.stats)

    async def _later(self, work: ToSeal | ToOpen, uncoded: int) -> Any:
        """What `work` comes to; it waits for its keys with so many bytes that came compressed."""
        try:
            with self._room.taken(uncoded):
                keys = await work.bound.keys(work.wanted)
            return work.finish(keys, self.stats)
        except SidecarError as error:
            return self.refusal(work.hold, error)

    def _refuse(self, hold: RuledHold, error: Exception) -> Refusal | None:
        """The refusal for `error`, or None where the rule only observes."""
        if hold.observes:
            code = error.code if isinstance(error, SidecarError) else SidecarError.code
            if code == SidecarError.code:
                logger.error(
                    "watching rule %s failed: %s", hold.match.rule.name, type(error).__name__
                )
            self.stats.would_refuse[hold.match.rule.name, code] += 1
            return None
        if not isinstance(error, SidecarError):
            raise error
        return self.refusal(hold, error)


def _find_hold(
    plan: Plan, bound_rules: Mapping[str, BoundRule], body_limit: int, head: RequestHead
) -> RuledHold | None:
    """The claim of the rule that `head` falls under, if any; Malformed as `find_match`."""
    match = find_match(plan, bound_rules, head)
    if match is None:
        return None
    bound = bound_rules[match.rule.name]
    tenant = find_tenant(bound.tenant_header, head) if bound.tenant_header else ""
    return RuledHold(head, body_limit, bound.observes, match, tenant)


def _seal_bare(bound_rules: Mapping[str, BoundRule], hold: RuledHold) -> Sealed | None:
    """A request without a body as it goes on, where it has no value: that follows from its head."""
    match = hold.match
    bound = bound_rules[match.rule.name]
    message = bound.adapter.read_request(hold.head, match.variables, match.query, b"")
    if hold.observes or message.values or message.claims:
        return None
    return Sealed(*message.finish())
