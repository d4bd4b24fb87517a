# SPDX-License-Identifier: Apache-2.0
"""What a sealed value is bound to, and its one spelling in bytes.

A context is authenticated and never stored: whoever opens a value rebuilds it from the request and
the rule (law 3), so a value moved to another store, collection, field, tenant or record does not
open. FORMAT.md section "Context".
"""

from functools import lru_cache
from typing import NamedTuple

from sidecar.errors import Malformed

DOMAIN = b"envelope-sidecar/context@v1"
MAX_MEMBER_LENGTH = 4096
"""Bytes; more than any key of a supported store, and far below what two length bytes can say."""


class Context(NamedTuple):
    """The place of a value, in the rule's logical names; a member that does not apply is empty."""

    store: str
    collection: str
    field: str
    tenant: str = ""
    record: str = ""

    def encode(self) -> bytes:
        """The bytes that keys are derived with.

        A fixed domain and then exactly five length-framed members: two different contexts can
        never have the same bytes, whatever stands inside the names.

        Raises:
            Malformed: A member is too long or is not Unicode text.
        """
        return frame_place(*self[:3]) + frame_owner(*self[3:])


def frame_place(store: str, collection: str, field: str) -> bytes:
    """The first part of a context, the same for all messages of a rule; Malformed as `encode`."""
    return DOMAIN + _frame(store) + _frame(collection) + _frame(field)


def frame_owner(tenant: str, record: str) -> bytes:
    """The rest of it, the same for all fields of a document; Malformed as `encode`."""
    return _frame_tenant(tenant) + _frame(record)


def _frame(member: str) -> bytes:
    """One member: its length in two bytes, and its text in UTF-8."""
    try:
        data = member.encode()
    except UnicodeEncodeError:
        raise Malformed("a name or id of the context is not Unicode text") from None
    if len(data) > MAX_MEMBER_LENGTH:
        raise Malformed(f"a name or id of the context passes {MAX_MEMBER_LENGTH} bytes")
    return len(data).to_bytes(2) + data


_frame_tenant = lru_cache(maxsize=256)(_frame)  # few come again and again, records do not
