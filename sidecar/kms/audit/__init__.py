# SPDX-License-Identifier: Apache-2.0
"""What was done and by whom, chained; no call is answered without its record."""

from sidecar.kms.audit.chain import ChainBroken, Head, Link, append, tail, verify
from sidecar.kms.audit.event import Event
from sidecar.kms.audit.trail import carry_out

__all__ = [
    "ChainBroken",
    "Event",
    "Head",
    "Link",
    "append",
    "carry_out",
    "tail",
    "verify",
]
