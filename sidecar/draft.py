# SPDX-License-Identifier: Apache-2.0
"""A file that appears whole or not at all.

Until it is published it is a hidden `.draft` beside its place, its owner's alone, which goes with
the context; a process that is killed leaves it there. Of several that draft one file at a time the
last to publish wins.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Self


class Draft:
    """What is to become `target`; `file` is open for both ways, and nobody else may read it."""

    def __init__(self, target: Path) -> None:
        """Raise OSError, which names `target`, where no file can be made there."""
        self._target = target
        try:
            handle, name = tempfile.mkstemp(".draft", f".{target.name}.", target.parent)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(target)) from None
        self._path = Path(name)
        self.file = os.fdopen(handle, "w+b")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self._path.unlink(missing_ok=True)

    def publish(self, mode: int = 0o600) -> None:
        """Let the file be `target`, on the disk, with the permissions of `mode`."""
        os.fchmod(self.file.fileno(), mode & 0o777)
        self._settle(self._path.replace)

    def publish_first(self) -> None:
        """The same for its owner alone; raise FileExistsError where something stands there."""
        self._settle(lambda target: target.hardlink_to(self._path))

    def _settle(self, name: Callable[[Path], object]) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())
        name(self._target)
        folder = os.open(self._target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # or the name might not outlive a loss of power
        finally:
            os.close(folder)
