# SPDX-License-Identifier: Apache-2.0
"""What became of each action with each SDK, while stories are told.

pytest has to load the fixtures itself, so nothing of the tests is imported before it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PASS, FAIL, ABSENT = "pass", "FAIL", "-"
"""ABSENT: this SDK is older than the action."""

type Factory = Callable[..., Any]
"""Makes an SDK for a KMS and an access key."""


class Tally:
    """Marks by action and SDK; a story that fails is laid to the action it called last.

    With `modules`, where npm has installed them, the SDKs for Node tell the stories as well.
    """

    def __init__(self, modules: Path | None) -> None:
        self.sdks: list[str] = []
        self.marks: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.problems: list[str] = []
        self._modules = modules
        self._opened: list[Any] = []
        self._last: tuple[str, str] | None = None

    @pytest.hookimpl
    def pytest_collection(self) -> None:
        """Put recording SDKs in the place of all others, before the stories ask which there are."""
        from tests.conformance import node  # noqa: PLC0415 - see above
        from tests.kms import requested, sdks  # noqa: PLC0415 - likewise

        self._refused = sdks.SdkRefused
        self._absent = (node.SdkLacksActionError, ModuleNotFoundError, AttributeError)
        added: dict[str, Factory] = {}
        if self._modules is not None:
            added = {name: self._for_node(node.NodeSdk, name) for name in node.SDKS}
        for table in (sdks.SDKS, requested.SDKS):
            makers: dict[str, Factory] = {**table, **added}
            table.update({name: self._recording(name, make) for name, make in makers.items()})
            self.sdks += [name for name in table if name not in self.sdks]

    def _for_node(self, kind: Factory, name: str) -> Factory:
        def make(kms: object, key: object) -> object:
            self._opened.append(kind(self._modules, name, kms, key))
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
                self.marks[action].setdefault(name, ABSENT)
                pytest.skip(f"{name} has no {action}")
            except self._refused:
                self._passes(action, name)  # if the story says so
                raise
            self._passes(action, name)
            return answer

        return call

    def _passes(self, action: str, name: str) -> None:
        self.marks[action][name] = self.marks[action].get(name, PASS).replace(ABSENT, PASS)

    @pytest.hookimpl
    def pytest_runtest_setup(self) -> None:
        self._last = None

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            if self._last is not None:
                action, name = self._last
                self.marks[action][name] = FAIL
            self.problems.append(f"{report.nodeid} ({report.when})")

    @pytest.hookimpl
    def pytest_runtest_teardown(self) -> None:
        for sdk in self._opened:
            sdk.close()
        self._opened.clear()

    def mark(self, action: str, sdk: str) -> str:
        """Once wrong is wrong, and so is an action that no story tells."""
        return self.marks[action].get(sdk, ABSENT if self.marks[action] else FAIL)

    def table(self, actions: list[str]) -> str:
        """One line an action, one column an SDK."""
        width = max(map(len, actions))
        lines = ["  ".join((f"{'':{width}}", *self.sdks))]
        for action in actions:
            cells = (f"{self.mark(action, sdk):{len(sdk)}}" for sdk in self.sdks)
            lines.append("  ".join((f"{action:{width}}", *cells)).rstrip())
        return "\n".join(lines)

    def is_good(self, actions: list[str]) -> bool:
        """Whether every action went well with every SDK that has it, and at least with one."""
        rows = [[self.mark(action, sdk) for sdk in self.sdks] for action in actions]
        return not self.problems and all(PASS in row and FAIL not in row for row in rows)
