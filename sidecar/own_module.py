# SPDX-License-Identifier: Apache-2.0
"""How this program starts another process of itself."""

import sys

OWN_MODULE = (sys.executable, "-P", "-m")
"""Before the name of a module: one of this program, never one that lies in the folder that the
process happens to be started in."""
