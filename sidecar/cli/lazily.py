# SPDX-License-Identifier: Apache-2.0
"""Groups of commands whose modules are imported only when they are used."""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """The commands of a package: each a module with a `command`, named with `_` for `-`.

    `modules` maps each command to the sentence that stands beside it in the list.
    """

    def __init__(self, *, package: str, modules: Mapping[str, str], **more: Any) -> None:
        super().__init__(**more)
        self._package = package
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        if cmd_name not in self._modules:
            return None
        name = f"{self._package}.{cmd_name.replace('-', '_')}"
        command: click.Command = importlib.import_module(name).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        with formatter.section("Commands"):
            formatter.write_dl(list(self._modules.items()))
