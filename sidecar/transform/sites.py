# SPDX-License-Identifier: Apache-2.0
"""The sites of one message that are to be sealed or opened, found before any key is asked for.

What is refused for what stands in a message is refused here: sealed values that a client brings,
plain values that a store holds in the phase `enforce`, envelopes where the rule names no field. A
refusal of what a store holds leaves a line of audit: names and ids, never a value.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

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


class SiteToSeal(msgspec.Struct, frozen=True, gc=False):
    """A value that is to be sealed: what of it, and bound to what."""

    value: Value
    treatment: Treatment
    context: bytes
    plaintext: bytes


class SiteToOpen(msgspec.Struct, frozen=True, gc=False):
    """A sealed value that is to be opened, and what it has to be bound to."""

    value: Value
    treatment: Treatment
    context: bytes
    stored: Stored


class FoundInAnswer(NamedTuple):
    """What an answer has at the places that the rule names.

    `unsealed` are the plain values, by field and path; `strays` counts envelopes anywhere else.
    """

    sites: list[SiteToOpen]
    unsealed: list[tuple[str, str]]
    strays: int


def sites_to_seal(bound: BoundRule, tenant: str, message: Message[RequestHead]) -> list[SiteToSeal]:
    """The values of a request that go to the store sealed."""
    if message.claims:
        raise SealedByClient("the request brings a sealed value; only the sidecar makes those")
    sites = []
    masks = bound.masks
    record: str | None = None
    owner = b""
    for value in message.values:
        name, lexeme = value.field.name, value.lexeme
        if lexeme == _NULL and value.field.null == "keep":
            continue
        if value.record != record or record is None:  # those of one document share it
            record = value.record
            if record is None:
                raise Unbound(_untold("a document nor the path", bound, name))
            owner = frame_owner(tenant, record)
        if name in masks and is_mask(lexeme):
            raise MaskedValue(name)
        field = bound.fields[name]
        treatment = field.treatment
        plaintext = treatment.prepare(lexeme)
        sites.append(SiteToSeal(value, treatment, field.place + owner, plaintext))
    return sites


def find_in_answer(bound: BoundRule, tenant: str, message: Message[ResponseHead]) -> FoundInAnswer:
    """The values of an answer that were sealed, apart from those that never were."""
    sites = []
    unsealed = [(path, path) for path in message.misfits]
    record: str | None = None
    owner = b""
    envelopes = 0
    for value in message.values:
        lexeme, name = value.lexeme, value.field.name
        if lexeme == _NULL:
            continue
        field = bound.fields[name]
        try:
            stored = field.treatment.find(lexeme)
        except CannotOpen as error:
            raise audited(error, bound, tenant, value) from None
        if stored is None:
            unsealed.append((name, str(value.field.path)))
            continue
        if value.record != record or record is None:  # those of one document share it
            record = value.record
            if record is None:
                place = "a document of the answer nor the path of its request"
                raise UnreadableAnswer(_untold(place, bound, name))
            owner = frame_owner(tenant, record)
        envelopes += isinstance(stored, Envelope)
        sites.append(SiteToOpen(value, field.treatment, field.place + owner, stored))
    return FoundInAnswer(sites, unsealed, message.claims - envelopes)


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


def edks_of(sites: list[SiteToOpen]) -> set[bytes]:
    """The EDKs to ask keys of; none where the rule says that the key stands in the rule."""
    edks = set()
    for site in sites:
        if not site.treatment.needs_lookup_key and isinstance(site.stored, Envelope):
            key = site.stored.key
            if key.kind is KeyKind.EDK:
                edks.add(key.value)
    return edks


def needs_lookup_key(sites: Iterable[SiteToOpen], masks: Mapping[str, Mask]) -> bool:
    """Whether a lookup key is needed to open `sites`, or to show their fingerprints."""
    for site in sites:
        if site.treatment.needs_lookup_key:
            return True
        if masks and (mask := masks.get(site.value.field.name)) and mask.is_hash:
            return True
    return False


def open_site(
    bound: BoundRule, tenant: str, site: SiteToOpen, keys: Keys, masks: Mapping[str, Mask]
) -> bytes:
    """The JSON value for the client, or its mask; CannotOpen, audited with its place."""
    try:
        lexeme = site.treatment.open(keys, site.context, site.stored)
    except CannotOpen as error:
        raise audited(error, bound, tenant, site.value) from None
    name = site.value.field.name
    mask = masks.get(name)
    if mask is None:
        return lexeme
    place = bound.fields[name].place + frame_owner(tenant, "")
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
