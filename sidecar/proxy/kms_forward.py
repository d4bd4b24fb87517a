# SPDX-License-Identifier: Apache-2.0
"""Which requests are calls to the KMS API that the application itself makes.

They go to the configured KMS core byte for byte, Host included, because their signature covers
it (V1 signs the query, ACS3 the Host field). Their targets carry plaintext: nobody logs them.
"""

import re
from collections.abc import Iterable

from sidecar.proxy.settings import Upstream

_LABELS = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*"


class KmsForward:
    """Decides by the Host field whether a request is for the KMS, and says where that is."""

    def __init__(self, upstream: Upstream, hosts: Iterable[str]) -> None:
        self.upstream = upstream
        patterns = "|".join(re.escape(host.lower()).replace(r"\*", _LABELS) for host in hosts)
        self._hosts = re.compile(rf"(?:{patterns})\.?(?::\d+)?".encode(), re.IGNORECASE)

    def names(self, host: bytes) -> bool:
        """Whether `host`, a Host field's value, is one of the KMS's; a port does not matter."""
        return self._hosts.fullmatch(host) is not None
