# SPDX-License-Identifier: Apache-2.0
"""What sensitive values look like and what their fields are called.

A kind is one file here with a constant `DETECTOR`; nothing else names it.
"""

import importlib
import pkgutil

from sidecar.learning.detectors.detector import Chance, Detector, Look

__all__ = ["DETECTORS", "Chance", "Detector", "Look"]

_MODULES = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
DETECTORS: dict[str, Detector] = {
    m.DETECTOR.kind: m.DETECTOR for m in _MODULES if hasattr(m, "DETECTOR")
}
