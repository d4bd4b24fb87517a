# SPDX-License-Identifier: Apache-2.0
"""The sites of one message that are to be sealed or opened, found before any key is asked for.

What is refused for what stands in a message is refused here: sealed values that a client brings,
plain values that a store holds in the phase `enforce`, envelopes where the rule names no field. A
refusal of what a store holds leaves a line of audit: names and ids, never a value.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from sidecar.backends import (
    MaskedValue,
    Message,
    MisplacedEnvelope,
    SealedByClient,
    Unbound,
    UnreadableAnswer,
    UnsealedStoredValue,
    Value,
)
from sidecar.envelope import Envelope, KeyKind, frame_owner
from sidecar.errors import CannotOpen, Refused
from sidecar.message import RequestHead, ResponseHead
from sidecar.rules import Mask, Phase
from sidecar.transform.bound import BoundRule
from sidecar.transform.masking import is_mask, shown
from sidecar.transform.stats import TransformStats
from sidecar.transform.values import Keys, Stored, Treatment

logger = logging.getLogger(__name__)

_NULL = b"null"
_EDK: Final = KeyKind.EDK  # as a constant it is found ten times as fast as in its class


type SiteToSeal = tuple[Value, Treatment, bytes, bytes]
"""A value that is to be sealed, by which treatment, bound to what context, and what of it."""

type SiteToOpen = tuple[Value, Treatment, bytes, Stored]
"""A sealed value that is to be opened, by which treatment, what it has to be bound to, and it."""


class FoundInAnswer(msgspec.Struct, frozen=True, gc=False):
    """What an answer has at the places that the rule names.

    `edks` are those to ask keys of; `needs_lookup_key` says that a key which stands in the rule
    opens others. `unsealed` are the plain values, by field and path; `strays` counts envelopes
    anywhere else.
    """

    sites: list[SiteToOpen]
    edks: set[bytes]
    needs_lookup_key: bool
    unsealed: list[tuple[str, str]]
    strays: int


def sites_to_seal(bound: BoundRule, tenant: str, message: Message[RequestHead]) -> list[SiteToSeal]:
    """The values of a request that go to the store sealed."""
    if message.claims:
        raise SealedByClient("the request brings a sealed value; only the sidecar makes those")
    sites: list[SiteToSeal] = []
    masks, fields = bound.masks, bound.fields
    record: str | None = None
    owner: bytes | None = None
    for value in message.values:
        field, lexeme = value.field, value.lexeme
        if lexeme == _NULL and field.null == "keep":
            continue
        if value.record is not record:  # those of one document share it
            record = value.record
            owner = None if record is None else frame_owner(tenant, record)
        if owner is None:
            raise Unbound(_untold("a document nor the path", bound, field.name))
        if masks and field.name in masks and is_mask(lexeme):
            raise MaskedValue(field.name)
        bound_field = fields[field.name]
        treatment = bound_field.treatment
        sites.append((value, treatment, bound_field.place + owner, treatment.prepare(lexeme)))
    return sites


def find_in_answer(bound: BoundRule, tenant: str, message: Message[ResponseHead]) -> FoundInAnswer:
    """The values of an answer that were sealed, apart from those that never were."""
    sites: list[SiteToOpen] = []
    edks = set()
    needs_lookup_key = False
    unsealed = [(path, path) for path in message.misfits]
    fields = bound.fields
    record: str | None = None
    owner: bytes | None = None
    digits = 0
    for value in message.values:
        field, lexeme = value.field, value.lexeme
        bound_field = fields[field.name]
        treatment = bound_field.treatment
        try:
            stored = treatment.find(lexeme)
        except CannotOpen as error:
            raise audited(error, bound, tenant, value) from None
        if stored is None:
            if lexeme != _NULL:
                unsealed.append((field.name, str(field.path)))
            continue
        if value.record is not record:  # those of one document share it
            record = value.record
            owner = None if record is None else frame_owner(tenant, record)
        if owner is None:
            where = "a document of the answer nor the path of its request"
            raise UnreadableAnswer(_untold(where, bound, field.name))
        if treatment.needs_lookup_key:  # the key stands in the rule: none is asked for
            needs_lookup_key = True
            digits += isinstance(stored, str)
        elif isinstance(stored, Envelope) and stored.key_kind is _EDK:
            edks.add(stored.key)
        sites.append((value, treatment, bound_field.place + owner, stored))
    strays = message.claims - (len(sites) - digits)
    return FoundInAnswer(sites, edks, needs_lookup_key, unsealed, strays)


def check_stored(
    bound: BoundRule, tenant: str, found: FoundInAnswer, stats: TransformStats
) -> None:
    """Hold what a store has against the phase of the rule, and against what the rule names.

    Not for an answer that says no (4xx, 5xx). It tells of the request more than of records: what
    stands at a protected place need not be a value, and it may quote a sealed one elsewhere.
    """
    if found.unsealed:
        stats.unsealed.update([(bound.name, name) for name, _ in found.unsealed])
        if bound.phase is Phase.ENFORCE:
            raise audited(UnsealedStoredValue(found.unsealed[0][1]), bound, tenant)
    if found.strays > 0:
        raise audited(MisplacedEnvelope(), bound, tenant)


def _untold(places: str, bound: BoundRule, name: str) -> str:
    return f"neither {places} tells {bound.record!r}, the record that {name!r} is bound to"


def shows_fingerprint(sites: Iterable[SiteToOpen], masks: Mapping[str, Mask]) -> bool:
    """Whether a mask of one of `sites` is made with a lookup key."""
    if not masks:
        return False
    found = (masks.get(value.field.name) for value, *_ in sites)
    return any(mask.is_hash for mask in found if mask is not None)


def masked(mask: Mask, lexeme: bytes, keys: Keys, place: bytes) -> bytes:
    """What stands in the place of the JSON value `lexeme` for whoever is not cleared."""
    return shown(mask, lexeme, lambda text: keys.lookup[0].fingerprint(place, text))


def audited[E: Refused](error: E, bound: BoundRule, tenant: str, value: Value | None = None) -> E:
    """`error` itself, once a line tells where it was met."""
    place = {
        "rule": bound.name,
        "phase": bound.phase.value,
        "reason": error.code,
        "tenant": tenant,
        "field": value.field.name if value else "",
        "record": value.record if value else "",
    }
    logger.warning("an answer of the store breaks its rule: %s", error.why, extra=place)
    return error
