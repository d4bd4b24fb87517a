# SPDX-License-Identifier: Apache-2.0
"""Two connections joined: bytes pass both ways, and nobody looks into them.

But for one thing: whom the first bytes in it are for. A client may be told to reach a host by an
address, or by another host's name, and still says in TLS or HTTP whom it means; where that is a
host that rules name, it would get past its rules (law 1).
"""

import logging
from collections.abc import Callable

from sidecar.errors import Refused
from sidecar.proxy.first_bytes import hosts_named
from sidecar.proxy.layers.http1.upstream import Link

logger = logging.getLogger(__name__)

type Check = Callable[[tuple[str, ...] | None], None]
"""Refused where bytes must not go on. It is told the hosts that the first of them name, and None
for all that follow."""


class Tunnel:
    """What the client sends goes to `link`, as long as `check` has nothing against it.

    Without one nobody looks: what was upgraded had a request that the rules saw.
    """

    def __init__(self, link: Link, check: Check | None) -> None:
        self.link = link
        self._check = check
        self._first: bytes | None = b""

    def send(self, data: bytes) -> None:
        """Send `data` on; Refused where that would go past the rules."""
        if self._check is not None:
            try:
                data = self._checked(self._check, data)
            except Refused as error:
                logger.warning("a tunnel was cut: %s", error.why)
                raise
        if data:
            self.link.send(data)

    def _checked(self, check: Check, data: bytes) -> bytes:
        """What may go on: everything, or nothing yet of what is still to say whom it is for."""
        if self._first is None:
            check(None)
            return data
        data = self._first + data
        named = hosts_named(data)
        if named is None:
            self._first = data
            return b""
        self._first = None
        check(named)
        return data
