# SPDX-License-Identifier: Apache-2.0
"""Refusals of callers whom nobody knows: recorded each, up to a number; beyond it, counted.

Whoever can reach the port can be refused as often as he likes. So that he cannot fill the disk, a
source (an IPv4 address, an IPv6 network of 64 bits) gets records for its first refusals of a
minute, and so do all sources together; those beyond are told in one record a source when the minute
is over. A flood is seen, with its size and its sources, and its single calls are not. A flood that
goes on all day writes some 500 MB.

What is counted stands in memory until then: a process that is killed loses a minute of it at most.
Calls with a good signature are never counted instead of recorded.
"""

import ipaddress
import uuid
from collections import Counter

from sidecar.kms.audit.record import Told, service_event, written

NAME = "RefusedCalls"
SECONDS = 60
RECORDS_OF_A_SOURCE = 60
RECORDS_OF_ALL = 300
MAX_SOURCES = 1000
"""Sources that are told by name; all others are one."""
OTHERS = "others"


class Refusals:
    """The refusals of the minute that is."""

    def __init__(self) -> None:
        self._began = 0
        self._recorded: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()

    def gets_a_record(self, source_ip: str) -> bool:
        """Whether one more refusal of this source is recorded; otherwise it is counted now."""
        source = _network(source_ip)
        is_one_too_many = (
            self._recorded[source] >= RECORDS_OF_A_SOURCE
            or self._recorded.total() >= RECORDS_OF_ALL
        )
        if is_one_too_many:
            is_known = source in self._counted or len(self._counted) < MAX_SOURCES
            self._counted[source if is_known else OTHERS] += 1
            return False
        self._recorded[source] += 1
        return True

    def is_over(self, now: float) -> bool:
        """Whether the minute is over."""
        return not self._began <= now < self._began + SECONDS

    def has_counted(self, now: float) -> bool:
        """Whether there are counts of a minute that is over."""
        return bool(self._counted) and self.is_over(now)

    def take(self, now: int) -> list[Told]:
        """Begin a new minute; the records about what was counted in the one before."""
        told = [self._told(source, count, now) for source, count in self._counted.items()]
        self._began = now
        self._recorded.clear()
        self._counted.clear()
        return told

    def _told(self, source: str, count: int, now: int) -> Told:
        data = {"count": count, "from": written(self._began), "to": written(now)}
        event = service_event(NAME, str(uuid.uuid4()).upper(), now, data)
        return {**event, "sourceIpAddress": source}


def _network(source_ip: str) -> str:
    """The source that an address belongs to; whoever has an IPv6 address has a network of them."""
    try:
        address = ipaddress.ip_address(source_ip)
    except ValueError:
        return source_ip
    if address.version == 4:  # noqa: PLR2004 - IPv4
        return source_ip
    return str(ipaddress.ip_network((address, 64), strict=False))
