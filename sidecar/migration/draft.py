# SPDX-License-Identifier: Apache-2.0
"""A file that appears whole or not at all.

Until it is published it is a hidden `.part` beside its place, which goes when the run ends. A run
that is killed leaves it there, its owner's alone, with nothing unsealed in it that was to be.
"""

import os
import tempfile
from pathlib import Path
from typing import Self

from sidecar.errors import Misconfigured


class Draft:
    """What is to become `target`; `file` is open for both ways, and nobody else may read it."""

    def __init__(self, target: Path) -> None:
        """Raise Misconfigured where no file can be made there."""
        self._target = target
        try:
            handle, name = tempfile.mkstemp(".part", f".{target.name}.", target.parent)
        except OSError as error:
            raise Misconfigured(f"{target}: cannot be written: {error.strerror}") from None
        self._path = Path(name)
        self.file = os.fdopen(handle, "w+b")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self._path.unlink(missing_ok=True)

    def publish(self, mode: int) -> None:
        """Let the file be `target`, on the disk, with the permissions of `mode`."""
        self.file.flush()
        os.fchmod(self.file.fileno(), mode & 0o777)
        os.fsync(self.file.fileno())
        self._path.replace(self._target)
        folder = os.open(self._target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # or the name might not outlive a loss of power
        finally:
            os.close(folder)
