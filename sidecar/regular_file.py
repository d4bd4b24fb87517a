# SPDX-License-Identifier: Apache-2.0
"""Files that are opened only where they are files: no start waits for a pipe's writer for ever."""

import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """`path`, opened to be read; OSError where it is not a file: a pipe, a device, a folder."""
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - Path.open has no opener
    # Of what was opened, not of what the name leads to by now.
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(0, "not a regular file")
    return file


def read_regular(path: Path) -> bytes:
    """All of the file at `path`; OSError as `open_regular`."""
    with open_regular(path) as file:
        return file.read()


def _without_waiting(path: str, flags: int) -> int:
    """Open so that a pipe does not wait for its writer; a regular file does not care."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
