# SPDX-License-Identifier: Apache-2.0
"""The certificates that a forward listener shows in the name of the hosts that rules name.

certificates   what a CA and a leaf look like         folder   a CA of our own, kept in a folder
files          a CA that somebody else renews         leaves   what clients of a host are shown
"""

from sidecar.proxy.interception.certificates import Ca
from sidecar.proxy.interception.files import CaFiles
from sidecar.proxy.interception.folder import CaFolder
from sidecar.proxy.interception.leaves import Leaves

__all__ = ["Ca", "CaFiles", "CaFolder", "Leaves"]
