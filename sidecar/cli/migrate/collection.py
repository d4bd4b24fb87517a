# SPDX-License-Identifier: Apache-2.0
"""`sidecar migrate collection`: seal the records of a collection in its store."""

from typing import Any

import click

from sidecar.cli.migrate import sweeping
from sidecar.cli.paragraphs import unwrapped
from sidecar.migration import Sealing
from sidecar.migration import description as descriptions


@click.command(epilog=unwrapped(descriptions.__doc__))
@sweeping.options
def command(**given: Any) -> None:
    """Seal the records of a collection in its store, while applications use it.

    DESCRIPTION tells how records are listed, read and written back at the store; see below. What
    is written is what the proxy would have written. Records that are sealed already are left, so
    this can be run again at any time; interrupted, by whatever, it goes on where it was.

    At the end everything is read again from the store itself and counted by field: sealed, null,
    unsealed; and every sealed value is opened.

    \b
    Examples:
      sidecar migrate collection customers.yaml --dry-run
      sidecar migrate collection customers.yaml -c /etc/sidecar/sidecar.yaml --json

    \b
    Exit codes: 0 every value in the store is sealed and opens; 1 some are not, or it was stopped;
    2 wrong usage or configuration.
    """  # noqa: D301 - click's own mark
    sweeping.sweep(sweeping.Order(**given), lambda _rule, _keyring: Sealing())
