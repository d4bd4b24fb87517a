# SPDX-License-Identifier: Apache-2.0
"""New versions of CMKs: by call, and by themselves after an interval.

Symmetric CMKs rotate automatically, asymmetric ones on demand; where material was imported there is
nothing to rotate to. Old versions stay, and open what they encrypted for ever.
"""

import re
from collections.abc import Callable

from sidecar.hsm import Token
from sidecar.kms.faults import Fault
from sidecar.kms.limits import Quotas
from sidecar.kms.service.material import make_version
from sidecar.kms.service.specs import ALIYUN, SPECS
from sidecar.kms.service.states import KeyState
from sidecar.kms.store import Cmk, Shelf, Version

DAY = 86_400
MIN_INTERVAL = 7 * DAY
MAX_INTERVAL = 730 * DAY
MIN_AGE = 7 * DAY
"""How old the newest version of an asymmetric CMK must be before there may be another."""

_INTERVAL = re.compile(r"([0-9]{1,8})([dhms])", re.ASCII)
_SECONDS = {"d": DAY, "h": 3600, "m": 60, "s": 1}


def read_interval(text: str) -> int:
    """Read a RotationInterval such as `7d`, in seconds; raise ValueError."""
    match = _INTERVAL.fullmatch(text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not MIN_INTERVAL <= seconds <= MAX_INTERVAL:
        raise ValueError
    return seconds


def automatic_rotation(cmk: Cmk) -> str:
    """Whether a CMK rotates by itself, in the API's words: not while it is not enabled."""
    if cmk.rotation_interval is None:
        return "Disabled"
    return "Enabled" if cmk.state == KeyState.ENABLED else "Suspended"


def next_rotation(cmk: Cmk) -> int | None:
    """When the CMK's next version is due; None where it does not rotate by itself."""
    return None if cmk.rotation_interval is None else cmk.rotated_at + cmk.rotation_interval


def check_rotates(key_spec: str, origin: str) -> None:
    """Raise Fault for a CMK that cannot rotate by itself."""
    if origin != ALIYUN:
        raise Fault.unsupported_origin()
    if not SPECS[key_spec].is_symmetric:
        raise Fault.unsupported_operation("Automatic rotation of such a key")


def check_room_for_key(shelf: Shelf, quotas: Quotas) -> None:
    """Raise Fault where the account may not have another CMK, with its first version."""
    if shelf.count_keys() >= quotas.keys:
        raise Fault.limit_exceeded()
    check_room(shelf, quotas)


def check_room(shelf: Shelf, quotas: Quotas) -> None:
    """Raise Fault where the account may not have another version."""
    if shelf.versions.count_all() >= quotas.versions:
        raise Fault.limit_exceeded()


def rotate(token: Token, shelf: Shelf, cmk: Cmk, new_id: Callable[[], str], now: int) -> Version:
    """Give the CMK a new version, which it encrypts and signs with from now on."""
    version_id, material = make_version(token, shelf, cmk, new_id)
    shelf.add_primary(cmk, version_id, now, material)
    return Version(version_id, cmk.key_id, now)
