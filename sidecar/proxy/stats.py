# SPDX-License-Identifier: Apache-2.0
"""What the host counts: plain attributes that telemetry reads."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class HostStats:
    """Since start, of one process; nothing here names a client, a target or a value."""

    connections: int = 0
    connections_open: int = 0
    connections_refused: int = 0
    """Turned away because the limit on connections was reached."""
    requests_passed: int = 0
    requests_held: int = 0
    held_bytes: int = 0
    """Bodies that are held now."""
    requests_kms: int = 0
    """Calls to the KMS API that were forwarded."""
    tunnels: int = 0
    """Connections through a forward listener to hosts that no rule names."""
    upstream_connections: int = 0
    upstream_retries: int = 0
    """Requests sent again because an idle upstream connection had been closed."""
    aborts: int = 0
    """Answers cut short on purpose, because their rest could not be trusted or had."""
    waits: int = 0
    """Messages that had to wait for a key."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Local answers by code."""
