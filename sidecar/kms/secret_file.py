# SPDX-License-Identifier: Apache-2.0
"""Files that hold an access key's secret and nothing else.

Whoever may read the file may call as its user, so it must be closed to everybody but its owner and
its group (Kubernetes mounts secrets 0440 for the group of the pod), and nobody but its owner may
write it.
"""

import os
import re
import stat
from pathlib import Path

from sidecar.errors import Misconfigured

MAX_SECRET = 128
"""Characters; the vendor's have 30."""

_SECRET = re.compile(rb"[!-~]{1,%d}" % MAX_SECRET)
_FORBIDDEN = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP


def read_secret(path: Path) -> str:
    """The secret in the file; raise Misconfigured, which never tells what stands there."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            data = file.read(MAX_SECRET + 3)
    except OSError as error:
        raise Misconfigured(f"{path}: the secret cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise Misconfigured(f"{path}: the secret file is not a regular file")
    if status.st_mode & _FORBIDDEN:
        raise Misconfigured(f"{path}: the secret file is open to others; run chmod 600 on it")
    secret = data.removesuffix(b"\n").removesuffix(b"\r")
    if not _SECRET.fullmatch(secret):
        raise Misconfigured(
            f"{path}: expected one secret of 1 to {MAX_SECRET} printable characters"
        )
    return secret.decode("ascii")


def _without_waiting(path: str, flags: int) -> int:
    """Open so that a pipe does not wait for its writer; a regular file does not care."""
    return os.open(path, flags | os.O_NONBLOCK)
