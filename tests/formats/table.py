# SPDX-License-Identifier: Apache-2.0
"""The formats that there are, each a file of this folder, and what each of them lacks."""

import importlib
import pkgutil

import tests.formats
from tests.formats.format import Format

_MODULES = [
    importlib.import_module(f"{tests.formats.__name__}.{module.name}")
    for module in pkgutil.iter_modules(tests.formats.__path__)
    if not module.name.startswith(("test_", "__", "table"))
]
FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT for module in _MODULES if hasattr(module, "FORMAT")
}
