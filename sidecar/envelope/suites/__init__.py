# SPDX-License-Identifier: Apache-2.0
"""The suites there are: every module of this package holds one, as `SUITE`.

An id is never given to another suite and never retired: old envelopes open for ever (law 7).
"""

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from sidecar.envelope.suite import ChunkedSuite, Suite


def _find() -> dict[int, Suite]:
    found: dict[int, Suite] = {}
    for module in pkgutil.iter_modules(__path__):
        suite: Suite = importlib.import_module(f"{__name__}.{module.name}").SUITE
        if suite.id in found:
            raise ImportError(f"suite id {suite.id} is taken: {found[suite.id].name}, {suite.name}")
        found[suite.id] = suite
    return found


SUITES: Mapping[int, Suite] = MappingProxyType(_find())
"""Every suite by the id that stands in an envelope."""

SEALING_SUITES: Mapping[str, int] = MappingProxyType(
    {suite.name: suite.id for suite in SUITES.values() if isinstance(suite, ChunkedSuite)}
)
"""The ids of the suites that a rule may choose to seal with, by name."""

DEFAULT_SUITE = SEALING_SUITES["cobblestone-256"]
