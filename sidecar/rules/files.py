# SPDX-License-Identifier: Apache-2.0
"""The files of a set of rules, read once: what is checked, verified and in force is these bytes.

A folder is flat and whole: a rule that is left out silently would let its fields pass unsealed.
Beside rules stand test cases, in files named `*.test.yaml`, which the proxy does not go by.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from sidecar.errors import Misconfigured
from sidecar.rules.faults import Collector
from sidecar.strict_yaml import read_bytes

_SUFFIXES = frozenset({".yaml", ".yml"})
_OF_CASES = (".test.yaml", ".test.yml")
_EDITION = "..data"
"""The link by which Kubernetes mounts a ConfigMap; what it leads to is exchanged as a whole."""


class RuleFile(NamedTuple):
    """One file of rules or of their test cases; errors carry its `path`."""

    path: Path
    data: bytes

    @property
    def holds_cases(self) -> bool:
        """Whether its name says that it has test cases and no rules."""
        return self.path.name.lower().endswith(_OF_CASES)


def read_files(*paths: Path) -> tuple[RuleFile, ...]:
    """Files themselves, and the YAML files of folders in the order of their names."""
    errors = Collector()
    found = [pair for path in paths for pair in errors.attempt(_list_files, path) or ()]
    read = [RuleFile(shown, errors.attempt(read_bytes, place) or b"") for shown, place in found]
    errors.finish()
    return tuple(read)


def may_hold_rules(name: str) -> bool:
    """Whether a file of this name in a folder is read."""
    return not name.startswith(".") and Path(name).suffix.lower() in _SUFFIXES


def _list_files(path: Path) -> list[tuple[Path, Path]]:
    """Each file as it is called, and where it is read."""
    try:
        if not path.is_dir():
            return [(path, path)]
        is_mounted = (path / _EDITION).is_symlink()
        # Where links lead, once: a ConfigMap may be exchanged meanwhile, and no set is of two.
        folder = Path(os.path.realpath(path / _EDITION if is_mounted else path, strict=True))
        found = sorted(item for item in folder.iterdir() if not item.name.startswith("."))
        below = [item for item in found if item.is_dir()]
        beside = [item for item in path.iterdir() if may_hold_rules(item.name)]
        left_out = [item for item in beside if is_mounted and not item.is_symlink()]
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from None
    if below:
        place = path / below[0].name
        raise Misconfigured(f"{place}: folders inside a folder of rules are not read; move it")
    if left_out:
        raise Misconfigured(f"{left_out[0]}: not of the ConfigMap that this folder is; move it")
    files = [(path / item.name, item) for item in found if may_hold_rules(item.name)]
    if not files:
        raise Misconfigured(f"{path}: no *.yaml file in this folder, so nothing would be sealed")
    return files
