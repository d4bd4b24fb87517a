# SPDX-License-Identifier: Apache-2.0
"""`rules`: where they stand, and whose signature they must carry."""

from pathlib import Path

from sidecar.config.listeners import named_file
from sidecar.rules import RuleSource, Trust
from sidecar.strict_yaml import Entry


def read_rule_source(entry: Entry, folder: Path) -> RuleSource:
    """A file or a folder of rules; with trust keys where only signed rules may hold."""
    if not entry.is_mapping:
        return RuleSource(folder / entry.text())
    path = folder / entry.get("path").text()
    trust, state = entry.find("trust"), entry.find("state")
    if trust is None:
        if state is not None:
            raise state.error("`state` belongs to `trust`, the keys whose signatures count")
        source = RuleSource(path)
    else:
        place = folder / (state.text() if state else "rules.state")
        source = RuleSource(path, Trust(named_file(trust, folder), place))
    entry.finish()
    return source
