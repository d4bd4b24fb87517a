# SPDX-License-Identifier: Apache-2.0
"""What was done and by whom, chained and signed; no call is answered without its record.

event → record → chain, index        trail.py: with the call, in its transaction
               ↑ checkpoint           keeping.py: signed by a key of the token, from time to time
               ↓ exporting/           carried elsewhere as JSON lines, never in a call's way
  verification, index.search          what was written is what is there; who did what
"""

from sidecar.kms.audit.chain import ChainBroken, Head, append, tail
from sidecar.kms.audit.event import Event
from sidecar.kms.audit.trail import Trail
from sidecar.kms.audit.verification import Verified, verify

__all__ = [
    "ChainBroken",
    "Event",
    "Head",
    "Trail",
    "Verified",
    "append",
    "tail",
    "verify",
]
