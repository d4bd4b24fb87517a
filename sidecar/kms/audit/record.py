# SPDX-License-Identifier: Apache-2.0
"""The text of a record: JSON in one spelling, so that what is hashed is what is stored and sent.

Beside the calls of callers the KMS writes records of its own: checkpoints, and counts of refused
calls. No caller can write one that looks like them: their `eventType` is not that of a call.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

SERVICE_EVENT = "AliyunServiceEvent"
"""ActionTrail's `eventType` for what a service does by itself."""

_spell = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode

CONFIGURATION = {"type": "system", "userName": "(configuration)"}
"""Who does what `kms.yaml` says, at a start. No user and no role can have such a name."""

type Told = Mapping[str, object]


def canonical(told: Told) -> str:
    """Sorted names, no spaces, ASCII."""
    return _spell(told)


def written(now: int) -> str:
    """A time (seconds since 1970) as records have it."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def service_event(name: str, event_id: str, now: int, data: Mapping[str, object]) -> Told:
    """What the KMS tells by itself; `data` is what it has to say."""
    return {
        "eventId": event_id,
        "eventVersion": 1,
        "eventCategory": "Management",
        "eventType": SERVICE_EVENT,
        "eventName": name,
        "eventRW": "Write",
        "eventTime": written(now),
        "serviceName": "Kms",
        "isGlobal": False,
        "userIdentity": {"type": "system"},
        "additionalEventData": data,
    }
