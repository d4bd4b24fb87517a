# SPDX-License-Identifier: Apache-2.0
"""What is left to do on one message once its keys are there: each value, then the message itself.

A message that has to wait for a key is kept as this. It says which keys it needs (`wanted`).
"""

from collections.abc import Mapping

import msgspec

from sidecar.backends import Message, unstored_response
from sidecar.errors import CannotOpen, TooLarge
from sidecar.message import RequestHead, ResponseHead
from sidecar.rules import Mask
from sidecar.transform.bound import BoundRule, Wanted
from sidecar.transform.sites import SiteToOpen, SiteToSeal, audited, masked
from sidecar.transform.stats import TransformStats
from sidecar.transform.values import Keys
from sidecar.transform.verdicts import Opened, RuledHold, Sealed

_SPARE = 64
"""This part of the limit is spared when values are sealed."""


class ToSeal(msgspec.Struct, frozen=True, gc=False):
    """A request whose `sites` are to be sealed."""

    hold: RuledHold
    bound: BoundRule
    message: Message[RequestHead]
    sites: list[SiteToSeal]
    wanted: Wanted

    def finish(self, keys: Keys, stats: TransformStats) -> Sealed:
        """The request as the store gets it; TooLarge, KeyUnavailable."""
        hold = self.hold
        edits = [
            (value.place, treatment.seal(keys, context, plaintext))
            for value, treatment, context, plaintext in self.sites
        ]
        head, body = self.message.finish(edits)
        # Or an answer with it, and what the store puts around it, could not be held: law 7.
        check_length(body, hold.body_limit - hold.body_limit // _SPARE)
        stats.sealed[self.bound.name] += len(self.sites)
        return Sealed(head, body)


class ToOpen(msgspec.Struct, frozen=True, gc=False):
    """An answer whose `sites` are to be opened; whoever asked sees `masks` in the place of some."""

    hold: RuledHold
    bound: BoundRule
    message: Message[ResponseHead]
    sites: list[SiteToOpen]
    wanted: Wanted
    masks: Mapping[str, Mask]

    def finish(self, keys: Keys, stats: TransformStats) -> Opened:
        """The answer as the client gets it; CannotOpen, audited with its place, KeyUnavailable."""
        bound, masks, tenant = self.bound, self.masks, self.hold.tenant
        edits = []
        hidden = 0
        for value, treatment, context, stored in self.sites:
            try:
                lexeme = treatment.open(keys, context, stored)
            except CannotOpen as error:
                raise audited(error, bound, tenant, value) from None
            if masks and (mask := masks.get(name := value.field.name)):
                lexeme = masked(mask, lexeme, keys, bound.place_of_fingerprints(name, tenant))
                hidden += 1
            edits.append((value.place, lexeme))
        if hidden:
            stats.masked[bound.name] += hidden
        stats.opened[bound.name] += len(self.sites)
        return to_client(bound, *self.message.finish(edits))


def to_client(bound: BoundRule, head: ResponseHead, body: bytes) -> Opened:
    """An answer that goes on; no cache may keep one of a rule that masks."""
    is_for_one = bool(bound.masks) and not bound.observes
    return Opened(unstored_response(head) if is_for_one else head, body)


def check_length(body: bytes, limit: int) -> None:
    """TooLarge where `body` is longer than `limit`."""
    if len(body) > limit:
        raise TooLarge(f"a body of {len(body)} bytes passes the limit of {limit}")
