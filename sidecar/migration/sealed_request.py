# SPDX-License-Identifier: Apache-2.0
"""The request that writes a record: filled, claimed by the rule, and sealed by the transform.

A request that the rule would let pass is never made, so nothing goes to the store in clear (law 1).
"""

import secrets
from typing import NamedTuple

from sidecar.errors import Misconfigured
from sidecar.message import Headers, Refusal, RequestHead
from sidecar.migration.collection import Collection, SlotValues
from sidecar.migration.records import refused
from sidecar.migration.slots import Filled, Slot, Template, Values
from sidecar.transform import RuledHold


class SealedRequest(NamedTuple):
    """Ready to be sent."""

    filled: Filled
    headers: Headers


class SealedRequests:
    """Requests of one template."""

    def __init__(self, collection: Collection, template: Template) -> None:
        self._collection = collection
        self._template = template
        self._slots = SlotValues(template)

    async def make(
        self, opened: bytes, stored: bytes, tenant: str, *, is_stale: bool = False
    ) -> SealedRequest:
        """The request for a record, opened and as it is stored; NotPossible, KeyUnavailable.

        One that `is_stale` compares with values that no record has, so it must change nothing.
        """
        collection = self._collection
        values = self._slots.of(opened, stored)
        # What is compared with goes back to the store as it came from there, unsealed or sealed:
        # it takes its place when everything else is sealed.
        kept = {
            slot: _other_than(value) if is_stale else value
            for slot, value in values.items()
            if slot.is_stored
        }
        marks = {slot: b'"%b"' % secrets.token_hex(16).encode() for slot in kept}
        filled = self._template.fill({**values, **marks})
        headers: Headers = (
            *collection.tenant_headers(tenant),
            (b"Content-Type", collection.media_type),
            (b"Content-Length", b"%d" % len(filled.body)),
        )
        head = RequestHead(filled.method, filled.target, collection.store.authority, headers)
        claim = collection.transform.claim(head)
        if isinstance(claim, Refusal):
            raise refused(claim)
        if not isinstance(claim, RuledHold):
            raise Misconfigured(
                f"{collection.description.where}: no route of rule {collection.rule.name!r} holds "
                f"`{self._template}`, so it would not be sealed"
            )
        sealed = await collection.transform.seal_request(claim, filled.body)
        if isinstance(sealed, Refusal):
            raise refused(sealed)
        body = _unmarked(sealed.body, kept, marks)
        lengths = (b"Content-Length", b"%d" % len(body))
        lines = [line for line in sealed.head.headers if line[0].lower() != b"content-length"]
        return SealedRequest(Filled(filled.method, sealed.head.target, body), (*lines, lengths))


def _other_than(value: bytes) -> bytes:
    """A value of the same kind that stands in no record."""
    is_number = value[:1] in b"-0123456789"
    number = -secrets.randbelow(1 << 31) - (1 << 31)
    return b"%d" % number if is_number else b'"%b"' % secrets.token_hex(16).encode()


def _unmarked(body: bytes, kept: Values, marks: dict[Slot, bytes]) -> bytes:
    for slot, mark in marks.items():
        body = body.replace(mark, kept[slot], 1)
    return body
