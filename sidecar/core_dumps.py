# SPDX-License-Identifier: Apache-2.0
"""Law 5: keys live in the memory of our processes, so nobody gets to see that on a disk."""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4


def forbid() -> None:
    """Let this process leave no core dump, and let no other process of its user look into it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # The limit does not hold for dumps that are piped to a program (core(5)); this does, and
        # keeps other processes of the same user from attaching (prctl(2), PR_SET_DUMPABLE).
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
