# SPDX-License-Identifier: Apache-2.0
"""What changes when one set of rules takes the place of another, for requests and for stored data.

Rules are told apart by the requests they hold for, not by their names (`pairing`): two that hold
for one request are compared in all that decides whether a value is sealed, found and opened again
(`comparison`). Every change has a word (`change`), which LANGUAGE.md explains.
"""

from sidecar.rules.difference.change import CHANGES, Change, Effect
from sidecar.rules.difference.comparison import compare

__all__ = ["CHANGES", "Change", "Effect", "compare"]
