# SPDX-License-Identifier: Apache-2.0
"""`limits` and `keys`: bounds, each with what it may be; their dataclasses have the defaults."""

from dataclasses import replace
from typing import Any

from sidecar.keys import KeyLimits
from sidecar.proxy.settings import Limits
from sidecar.strict_yaml import Entry, Reader
from sidecar.transform import BODY_LIMIT

MIB = 1024**2
DAY = 86400.0


def _size(low: int, high: int) -> Reader[int]:
    return lambda entry: entry.size(low, high)


def _seconds(low: float, high: float) -> Reader[float]:
    return lambda entry: entry.seconds(low, high)


def _count(low: int, high: int) -> Reader[int]:
    return lambda entry: entry.integer(low, high)


_LIMITS: dict[str, tuple[str, Reader[int] | Reader[float]]] = {
    "held_total": ("held_bytes", _size(MIB, 64 * 1024 * MIB)),
    "room": ("room_seconds", _seconds(0, 300)),
    "head": ("head_bytes", _size(1024, MIB)),
    "connections": ("connections", _count(1, 100_000)),
    "keys": ("key_seconds", _seconds(0.1, 300)),
    "connect": ("connect_seconds", _seconds(0.1, 300)),
    "response": ("response_seconds", _seconds(1, DAY)),
    "header": ("header_seconds", _seconds(1, 300)),
    "body": ("body_seconds", _seconds(1, 3600)),
    "idle": ("idle_seconds", _seconds(1, 3600)),
    "drain": ("drain_seconds", _seconds(0, 3600)),
}
_KEY_LIMITS: dict[str, tuple[str, Reader[int] | Reader[float]]] = {
    "max_age": ("max_age", _seconds(1, 7 * DAY)),
    "max_messages": ("max_messages", _count(1, 2**32)),
    "max_bytes": ("max_bytes", _size(1024, 2**40)),
    "grace": ("grace", _seconds(0, 7 * DAY)),
    "open_age": ("open_age", _seconds(1, 7 * DAY)),
    "open_grace": ("open_grace", _seconds(0, 7 * DAY)),
}
"""What a limit is called here and in the dataclass that has its default, and what it may be."""


def read_limits(entry: Entry) -> tuple[Limits, int]:
    """The section `limits`, and the largest body that is held, in bytes."""
    held_body = entry.optional("held_body", _size(1024, 1024 * MIB), BODY_LIMIT)
    return replace(Limits(), **_read(entry, _LIMITS)), held_body


def read_key_limits(entry: Entry) -> KeyLimits:
    """The section `keys`."""
    return replace(KeyLimits(), **_read(entry, _KEY_LIMITS))


def _read(
    entry: Entry, table: dict[str, tuple[str, Reader[int] | Reader[float]]]
) -> dict[str, Any]:
    found = {
        attribute: reader(value)
        for word, (attribute, reader) in table.items()
        if (value := entry.find(word)) is not None
    }
    entry.finish()
    return found
