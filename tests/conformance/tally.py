# SPDX-License-Identifier: Apache-2.0
"""What became of each action with each SDK, while stories are told.

pytest has to load the fixtures itself, so nothing of the tests is imported before it has.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.families import FAMILIES, Factory, Family

PASS, FAIL, ABSENT = "pass", "FAIL", "-"
"""ABSENT: this SDK is older than the action."""


class Tally:
    """Marks by action and SDK; a story that fails is laid to the action it called last.

    With `modules`, where npm has installed them, the SDKs for Node tell the stories as well.
    """

    def __init__(self, modules: Path | None) -> None:
        self.problems: list[str] = []
        self._sdks: defaultdict[str, list[str]] = defaultdict(list)
        self._marks: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._modules = modules
        self._opened: list[Any] = []
        self._last: tuple[str, str] | None = None

    @pytest.hookimpl
    def pytest_collection(self) -> None:
        """Put recording SDKs in the place of all others, before the stories ask which there are."""
        from tests.conformance import node  # noqa: PLC0415 - see above
        from tests.kms import sdks  # noqa: PLC0415 - likewise

        self._refused = sdks.SdkRefused
        self._absent = (node.SdkLacksActionError, ModuleNotFoundError, AttributeError)
        for family in FAMILIES:
            version, names = family.product.version, self._sdks[family.product.name]
            for table in family.find_tables():
                if self._modules is not None:
                    for name in family.for_node:
                        table[name] = self._for_node(node.NodeSdk, name, version)
                table.update({name: self._recording(name, make) for name, make in table.items()})
                names += [name for name in table if name not in names]

    def _for_node(self, kind: Factory, name: str, version: str) -> Factory:
        def make(kms: object, key: object) -> object:
            self._opened.append(kind(self._modules, name, version, kms, key))
            return self._opened[-1]

        return make

    def _recording(self, name: str, make: Factory) -> Factory:
        def made(kms: object, key: object) -> object:
            sdk = make(kms, key)
            sdk.call = self._noted(name, sdk.call)
            return sdk

        return made

    def _noted(self, name: str, ask: Factory) -> Factory:
        def call(action: str, **parameters: object) -> object:
            self._last = (action, name)
            try:
                answer = ask(action, **parameters)
            except self._absent:
                self._marks[action].setdefault(name, ABSENT)
                pytest.skip(f"{name} has no {action}")
            except self._refused:
                self._passes(action, name)  # if the story says so
                raise
            self._passes(action, name)
            return answer

        return call

    def _passes(self, action: str, name: str) -> None:
        self._marks[action][name] = self._marks[action].get(name, PASS).replace(ABSENT, PASS)

    @pytest.hookimpl
    def pytest_runtest_setup(self) -> None:
        self._last = None

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            if self._last is not None:
                action, name = self._last
                self._marks[action][name] = FAIL
            self.problems.append(f"{report.nodeid} ({report.when})")

    @pytest.hookimpl
    def pytest_runtest_teardown(self) -> None:
        for sdk in self._opened:
            sdk.close()
        self._opened.clear()

    def marks_of(self, family: Family) -> dict[str, dict[str, str]]:
        """By action and SDK. Once wrong is wrong, and so is an action that no story tells."""
        return {
            action: {
                sdk: self._marks[action].get(sdk, ABSENT if self._marks[action] else FAIL)
                for sdk in self._sdks[family.product.name]
            }
            for action in sorted(family.product.actions.keys() - family.own)
        }

    def table(self, family: Family) -> str:
        """One line an action, one column an SDK."""
        marks = self.marks_of(family)
        sdks = self._sdks[family.product.name]
        width = max(map(len, (family.product.name, *marks)))
        lines = ["  ".join((f"{family.product.name:{width}}", *sdks))]
        for action, row in marks.items():
            cells = (f"{row[sdk]:{len(sdk)}}" for sdk in sdks)
            lines.append("  ".join((f"{action:{width}}", *cells)).rstrip())
        return "\n".join(lines)

    def is_good(self) -> bool:
        """Whether every action went well with every SDK that has it, and at least with one."""
        rows = [row.values() for family in FAMILIES for row in self.marks_of(family).values()]
        return not self.problems and all(PASS in row and FAIL not in row for row in rows)
