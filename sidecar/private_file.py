# SPDX-License-Identifier: Apache-2.0
"""Files whose content is a secret: read only while nobody but their owner and group may open them.

A group may read, because Kubernetes mounts secrets for the group of the pod (`defaultMode: 0440`).
"""

import os
import stat
from pathlib import Path

from sidecar.errors import Misconfigured

MAX_BYTES = 1024 * 1024
_FORBIDDEN = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP


def read_private(path: Path) -> bytes:
    """The content of `path`; Misconfigured, which never tells any of it."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            mode = os.fstat(file.fileno()).st_mode  # of what is read, not of what a name leads to
            if not stat.S_ISREG(mode):
                raise Misconfigured(f"{path}: is not a regular file")
            content = file.read(MAX_BYTES)
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from None
    if mode & _FORBIDDEN:
        raise Misconfigured(
            f"{path}: is open to others; run: chmod 600 {path} (Kubernetes: defaultMode: 0440)"
        )
    return content


def _without_waiting(path: str, flags: int) -> int:
    """Open so that a pipe does not wait for its writer; a regular file does not care."""
    return os.open(path, flags | os.O_NONBLOCK)
