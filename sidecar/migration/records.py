# SPDX-License-Identifier: Apache-2.0
"""One record by itself: what stands at its protected places, opened, and sealed.

Opening and sealing are the transform's, under the very rule: what is written is what the proxy
would have written. Only where documents stand is another matter, for a record is its whole body.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

import msgspec

from sidecar.backends import BACKENDS
from sidecar.envelope import Envelope, from_text, is_sealed_text, parse
from sidecar.errors import KeyUnavailable, Malformed, Misconfigured, Refused
from sidecar.fieldpath import FieldPath
from sidecar.keys import Keyring
from sidecar.message import Headers, Refusal, RequestHead, ResponseHead
from sidecar.migration.members import JSON, NULL, ROOT
from sidecar.rules import Documents, Field, Match, Mode, Phase, Rule, RuleSet, compile_rules
from sidecar.transform import BODY_LIMIT, RuledHold, Transform

_OK = 200


class State(StrEnum):
    """What stands at a protected place of a stored record."""

    SEALED = "sealed"
    NULL = "null"
    UNSEALED = "unsealed"
    DIGITS = "digits"
    """Digits of a field with `format: digits`, which look alike sealed and unsealed."""


class Stored(NamedTuple):
    """One value as the store holds it; `envelope` where it is sealed."""

    field: str
    state: State
    envelope: Envelope | None = None


class NotPossible(Refused):
    """The rule refuses this record; `code` and `why` are those of the refusal."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.refusal = code


class Records:
    """Records of one rule, each the whole of a body of `media_type`, with its `document` inside."""

    def __init__(
        self,
        rule: Rule,
        keyring: Keyring,
        *,
        media_type: str = JSON,
        limit: int = BODY_LIMIT,
        document: FieldPath = ROOT,
    ) -> None:
        """Raise Misconfigured where the rule protects nothing inside of records."""
        if not rule.fields or any(field.is_whole_body for field in rule.fields):
            raise Misconfigured(f"{rule.where}: rule {rule.name!r} has no field inside of records")
        # Unsealed values may stand beside sealed ones. Nothing tells digits apart, so where there
        # are any, a record is either sealed or not.
        has_digits = any(field.mode is Mode.DIGITS for field in rule.fields)
        self._rule = replace(
            rule.unmasked,  # or the mask would be sealed in the value's place
            store=rule.store._replace(kind="rest"),  # a record by itself, whatever carries it
            documents=Documents((document,), (document,)) if document.steps else Documents(),
            outside=(),
            require=(),
            phase=Phase.ENFORCE if has_digits else Phase.MIGRATE,
        )
        self._transform = Transform(compile_rules(RuleSet((self._rule,))), keyring, limit)
        self._adapter = BACKENDS[self._rule.store.kind].bind(self._rule)
        self._headers: Headers = ((b"Content-Type", media_type.encode()),)
        self._limit = limit

    def look(self, body: bytes) -> Sequence[Stored]:
        """Every protected value of a record; Refused where it cannot be read."""
        message = self._adapter.read_response(self._answer(), {}, body)
        found = [_stored(value.field, value.lexeme) for value in message.values]
        return [*found, *(Stored(path, State.UNSEALED) for path in message.misfits)]

    async def open(self, body: bytes, tenant: str) -> bytes:
        """The record with every sealed value opened; NotPossible, KeyUnavailable."""
        opened = await self._transform.open_response(self._hold(tenant), self._answer(), body)
        if isinstance(opened, Refusal):
            raise refused(opened)
        return opened.body

    async def seal(self, body: bytes, tenant: str) -> bytes:
        """The record with every protected value sealed; NotPossible, KeyUnavailable."""
        sealed = await self._transform.seal_request(self._hold(tenant), body)
        if isinstance(sealed, Refusal):
            raise refused(sealed)
        return sealed.body

    def _answer(self) -> ResponseHead:
        return ResponseHead(_OK, b"OK", self._headers)

    def _hold(self, tenant: str) -> RuledHold:
        head = RequestHead(b"PUT", b"/", self._rule.store.hosts[0], self._headers)
        match = Match(self._rule, {}, b"")
        return RuledHold(head, self._limit, observes=False, match=match, tenant=tenant)


def refused(refusal: Refusal) -> NotPossible | KeyUnavailable:
    """The error that a refusal of the transform stands for."""
    try:
        detail = msgspec.json.decode(refusal.body)["detail"]
    except (msgspec.DecodeError, KeyError, TypeError):
        detail = f"refused as {refusal.code}"
    if refusal.code == KeyUnavailable.code:
        return KeyUnavailable(detail)
    return NotPossible(refusal.code, detail)


def _stored(field: Field, lexeme: bytes) -> Stored:
    if lexeme == NULL:
        return Stored(field.name, State.NULL if field.null == "keep" else State.UNSEALED)
    if field.mode is Mode.DIGITS:
        return Stored(field.name, State.DIGITS)
    text = msgspec.json.decode(lexeme, type=str) if lexeme.startswith(b'"') else ""
    if not is_sealed_text(text):
        return Stored(field.name, State.UNSEALED)
    try:
        return Stored(field.name, State.SEALED, parse(from_text(text)))
    except Malformed:  # something that claims to be an envelope: opening it will be refused
        return Stored(field.name, State.SEALED)
