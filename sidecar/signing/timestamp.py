# SPDX-License-Identifier: Apache-2.0
"""The one way in which signed requests write the time: UTC, whole seconds, ISO 8601."""

import re
from datetime import UTC, datetime

from sidecar.signing.failures import BadTimestamp, ExpiredTimestamp

WINDOW_SECONDS = 15 * 60
"""How far a request's clock may be from ours."""

_SPELLING = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def write(now: float) -> str:
    """The Unix time `now` as text."""
    return datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(text: str, now: float) -> float:
    """The Unix time that `text` says; raise where it is not a time or not close to `now`."""
    if not _SPELLING.fullmatch(text):
        raise BadTimestamp
    try:
        when = datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise BadTimestamp from error
    if abs(now - when) > WINDOW_SECONDS:
        raise ExpiredTimestamp
    return when
