# SPDX-License-Identifier: Apache-2.0
"""`ca`: what forward listeners sign with in the name of the hosts that rules name."""

from pathlib import Path

from sidecar.config.listeners import read_pair
from sidecar.proxy.settings import ServerTls
from sidecar.strict_yaml import Entry


def read_ca(entry: Entry, folder: Path) -> Path | ServerTls:
    """The folder that a CA of our own is kept in, or the files of another one."""
    place = entry.find("dir")
    if place is None:
        return read_pair(entry, folder)
    entry.finish()
    return folder / place.text()
