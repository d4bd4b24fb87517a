# SPDX-License-Identifier: Apache-2.0
"""The certificates that a forward listener shows in the name of the hosts that rules name.

certificates   what a CA and a leaf look like         folder   a CA of our own, kept in a folder
files          a CA that somebody else renews         leaves   what clients of a host are shown
"""

from pathlib import Path

from sidecar.proxy.interception.certificates import Ca
from sidecar.proxy.interception.files import CaFiles
from sidecar.proxy.interception.folder import CaFolder
from sidecar.proxy.interception.leaves import Leaves
from sidecar.proxy.settings import ServerTls

__all__ = ["Ca", "CaFiles", "CaFolder", "Leaves", "ca_source"]


def ca_source(place: Path | ServerTls) -> CaFolder | CaFiles:
    """The CA that `ProxySettings.ca` names."""
    return CaFolder(place) if isinstance(place, Path) else CaFiles(place.cert, place.key)
