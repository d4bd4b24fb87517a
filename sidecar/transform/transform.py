# SPDX-License-Identifier: Apache-2.0
"""Claim, seal a request, open an answer: the order of work, and nothing else.

    rule (claim) → values (backend, codec) → keys, the one await → each value → splice → repair

Plain code but for that await, which does not suspend while keys are at hand. What each step does
stands elsewhere: rules find the rule, backends find values and word refusals, `values` seals and
opens one. Whatever the sidecar raises on purpose becomes a refusal here, anything else in the
proxy's guard. A rule in the phase `monitor` counts what it would do and does nothing else.
"""

import logging
import time
from collections.abc import Callable, Collection
from functools import lru_cache, partial
from typing import Literal

from sidecar.backends import (
    Unbound,
    bodiless_response,
    is_coded,
    problem,
    uncode_request,
    uncode_response,
    unstored_response,
)
from sidecar.errors import Malformed, Misconfigured, SidecarError, TooLarge
from sidecar.keys import Keyring
from sidecar.message import REMEMBERED, Refusal, RequestHead, ResponseHead
from sidecar.rules import Phase, Plan
from sidecar.transform.bound import BoundRule
from sidecar.transform.finding import find_match
from sidecar.transform.room import Room
from sidecar.transform.sites import (
    check_stored,
    find_in_answer,
    masked,
    open_sites,
    shows_fingerprint,
    sites_to_seal,
)
from sidecar.transform.stats import TransformStats
from sidecar.transform.tenant import find_tenant
from sidecar.transform.verdicts import PASS, Opened, RuledHold, Sealed, Unnamed

logger = logging.getLogger(__name__)

BODY_LIMIT = 8 * 1024 * 1024
UNCODED_LIMIT = 64 * 1024 * 1024
"""Bytes of bodies that came compressed, of all messages that wait for a key."""
_SPARE = 64
"""This part of the limit is spared when values are sealed."""
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
        self._find_match = lru_cache(REMEMBERED)(partial(find_match, plan, self._bound))
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
            match = self._find_match(head)
        except Malformed as error:
            if head.authority.lower() in self._active_hosts:
                return self.refusal(None, error)
            self.stats.would_refuse["", error.code] += 1
            return PASS
        if match is None:
            return PASS
        bound = self._bound[match.rule.name]
        tenant = find_tenant(bound.tenant_header, head) if bound.tenant_header else ""
        hold = RuledHold(head, self._body_limit, bound.observes, match, tenant)
        if bound.tenant_header and not hold.tenant:
            why = (
                f"the header {bound.tenant_header.decode()}, which names the tenant, is missing, "
                "doubled, empty, not text or has a comma in it"
            )
            return self._refuse(hold, Unbound(why)) or hold
        return hold

    async def seal_request(self, hold: RuledHold, body: bytes) -> Sealed | Refusal:
        """The request to send to the store, or what to tell the client instead."""
        try:
            _check_length(body, hold.body_limit)
            if not (body and is_coded(hold.head.headers)):
                return await self._seal(hold, hold.head, body)
            plain_head, plain = uncode_request(hold.head, body, hold.body_limit)
            with self._room.taken(len(plain)):
                return await self._seal(hold, plain_head, plain)
        except Exception as error:  # noqa: BLE001 - `_refuse` raises again what is not its own
            return self._refuse(hold, error) or Sealed(hold.head, body)

    async def open_response(
        self, hold: RuledHold, head: ResponseHead, body: bytes
    ) -> Opened | Refusal:
        """The answer to hand to the client, or what to tell it instead."""
        bound = self._bound[hold.match.rule.name]
        try:
            if hold.head.method == b"HEAD" or head.status in _WITHOUT_BODY:
                return await self._open_bare(bound, hold, head)
            _check_length(body, hold.body_limit)
            if not (body and is_coded(head.headers)):
                return await self._open(bound, hold, head, body)
            plain_head, plain = uncode_response(head, body, hold.body_limit)
            with self._room.taken(len(plain)):
                return await self._open(bound, hold, plain_head, plain)
        except Exception as error:  # noqa: BLE001 - `_refuse` raises again what is not its own
            return self._refuse(hold, error) or Opened(head, body)

    def refusal(self, hold: RuledHold | None, error: BaseException) -> Refusal:
        """The local answer to `error`; what was not raised on purpose is told without a detail."""
        if not isinstance(error, SidecarError) or isinstance(error, Misconfigured):
            error = SidecarError("the sidecar failed to handle this message")
        name = hold.match.rule.name if hold else ""
        self.stats.refusals[name, error.code] += 1
        return self._bound[name].adapter.refusal(error) if hold else problem(error)

    async def _seal(self, hold: RuledHold, head: RequestHead, body: bytes) -> Sealed:
        match = hold.match
        bound = self._bound[match.rule.name]
        message = bound.adapter.read_request(head, match.variables, match.query, body)
        sites = sites_to_seal(bound, hold.tenant, message)
        if hold.observes:
            self.stats.would_seal.update((bound.name, site[0].field.name) for site in sites)
            return Sealed(head, body)
        if not sites:
            return Sealed(*message.finish())
        keys = await bound.keys_to_seal(hold.tenant, (treatment for _, treatment, *_ in sites))
        for value, treatment, context, plaintext in sites:
            message.replace(value, treatment.seal(keys, context, plaintext))
        head, body = message.finish()
        # Or an answer with it, and what the store puts around it, could not be held: law 7.
        _check_length(body, hold.body_limit - hold.body_limit // _SPARE)
        self.stats.sealed[bound.name] += len(sites)
        return Sealed(head, body)

    async def _open_bare(self, bound: BoundRule, hold: RuledHold, head: ResponseHead) -> Opened:
        """An answer that has no body, whatever came as one."""
        if not hold.observes:
            head = bodiless_response(head)
        if bound.reads_heads:
            return await self._open(bound, hold, head, b"")
        return _to_client(bound, head, b"")

    async def _open(
        self, bound: BoundRule, hold: RuledHold, head: ResponseHead, body: bytes
    ) -> Opened:
        if bound.adapter.is_silent(head, body):
            return _to_client(bound, head, body)
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
        if sites:
            masks = bound.masks_for(hold.head, self._clock()) if bound.masks else {}
            needs_lookup = found.needs_lookup_key or shows_fingerprint(sites, masks)
            keys = await bound.keys_to_open(hold.tenant, found.edks, needs_lookup_key=needs_lookup)
            for value, lexeme in open_sites(bound, hold.tenant, sites, keys):
                if masks and (mask := masks.get(name := value.field.name)):
                    place = bound.place_of_fingerprints(name, hold.tenant)
                    message.replace(value, masked(mask, lexeme, keys, place))
                    self.stats.masked[bound.name] += 1
                else:
                    message.replace(value, lexeme)
            self.stats.opened[bound.name] += len(sites)
        return _to_client(bound, *message.finish())

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


def _to_client(bound: BoundRule, head: ResponseHead, body: bytes) -> Opened:
    is_for_one = bool(bound.masks) and not bound.observes
    return Opened(unstored_response(head) if is_for_one else head, body)


def _check_length(body: bytes, limit: int) -> None:
    if len(body) > limit:
        raise TooLarge(f"a body of {len(body)} bytes passes the limit of {limit}")
