# SPDX-License-Identifier: Apache-2.0
"""Files whose content is a secret: read only while nobody but their owner and group may open them.

A group may read, because Kubernetes mounts secrets for the group of the pod (`defaultMode: 0440`).
"""

import os
import stat
from pathlib import Path

from sidecar.errors import Misconfigured
from sidecar.regular_file import open_regular

MAX_BYTES = 1024 * 1024
_FORBIDDEN = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP


def read_private(path: Path) -> bytes:
    """The content of `path`; Misconfigured, which never tells any of it."""
    try:
        with open_regular(path) as file:
            mode = os.fstat(file.fileno()).st_mode  # of what is read, not of what a name leads to
            content = file.read(MAX_BYTES)
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from None
    if mode & _FORBIDDEN:
        raise Misconfigured(
            f"{path}: is open to others; run: chmod 600 {path} (Kubernetes: defaultMode: 0440)"
        )
    return content
