# SPDX-License-Identifier: Apache-2.0
"""A second copy of the file without which SoftHSM has no token.

SoftHSM empties `token.object` and writes it anew at each login. A process that is killed between
the two, or a disk that is full, leaves it empty, and every key of the token would be lost with it:
there stands, under the PINs, what they are encrypted with. So whoever has logged in keeps a copy
beside it, and whoever finds it empty, as in a backup that was taken just then, puts the copy back.
The other files of a token need no such thing: an object that is not whole is none.
"""

import fcntl
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

from sidecar.draft import Draft

_FOLDER = re.compile(r"^\s*directories\.tokendir\s*=\s*(.*?)\s*$", re.MULTILINE)
_FILE = "token.object"
_KEPT = "token.kept"
_NUMBER_BYTES = 8
"""It begins with the number of its writing, which differs after each login."""
_PAUSES = (0.01, 0.05, 0.1)
"""Seconds that another process may take to write it."""

logger = logging.getLogger(__name__)


def keep(configuration: Path) -> None:
    """Keep a copy of the file of every token that is whole, after a login."""
    try:
        for file in _files(configuration):
            _keep(file)
    except OSError as error:
        logger.warning("SoftHSM's token files have no new copy: %s", error.strerror)


def mend(configuration: Path) -> None:
    """Put the copy back where a file is empty and stays so, before a login."""
    try:
        for file in _files(configuration):
            _mend(file)
    except OSError as error:
        logger.warning("SoftHSM's token files cannot be mended: %s", error.strerror)


def _keep(file: Path) -> None:
    data, kept = _read(file), file.with_name(_KEPT)
    known = kept.read_bytes() if kept.exists() else b""
    if data and data[_NUMBER_BYTES:] != known[_NUMBER_BYTES:]:
        _write(kept, data)


def _mend(file: Path) -> None:
    kept = file.with_name(_KEPT)
    if kept.exists() and _stays_empty(file):
        _write(file, kept.read_bytes())
        logger.warning("%s was empty, and was put back from its copy", file)


def _stays_empty(file: Path) -> bool:
    for pause in _PAUSES:
        if file.stat().st_size:
            return False
        time.sleep(pause)
    return not file.stat().st_size


def _files(configuration: Path) -> Iterator[Path]:
    found = _FOLDER.search(configuration.read_text())
    return Path(found[1]).glob(f"*/{_FILE}") if found else iter(())


def _read(file: Path) -> bytes:
    """What stands there; nothing where SoftHSM has its lock, which is while it writes."""
    with file.open("rb") as opened:
        try:
            fcntl.lockf(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return b""
        return opened.read()


def _write(file: Path, data: bytes) -> None:
    with Draft(file) as draft:
        draft.file.write(data)
        draft.publish()
