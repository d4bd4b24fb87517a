# SPDX-License-Identifier: Apache-2.0
"""`-c`, the option of every command that works by a `sidecar.yaml`; its parameter is `path`."""

from collections.abc import Callable
from pathlib import Path

import click


def config_option[F: Callable[..., object]](meaning: str) -> Callable[[F], F]:
    """The option; `meaning` says what the command does with the file."""
    return click.option(
        "-c",
        "--config",
        "path",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("sidecar.yaml"),
        show_default=True,
        help=meaning,
    )
