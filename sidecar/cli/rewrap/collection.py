# SPDX-License-Identifier: Apache-2.0
"""`sidecar rewrap collection`: seal the records of a collection anew in its store."""

from typing import Any

import click

from sidecar.cli.migrate import sweeping
from sidecar.migration import Rewrapping


@click.command()
@sweeping.options
def command(**given: Any) -> None:
    """Seal anew what stands under old keys in a collection, while applications use it.

    DESCRIPTION is the one of `sidecar migrate collection`, whose --help explains it. A record is
    read, opened and sealed again as a whole, so that unsealed values in it are sealed as well.
    Records under the keys of now are left.

    \b
    After a rotation of the CMK, or a new alias, or a new first lookup key:
      sidecar rewrap collection customers.yaml
      sidecar rewrap report customers.yaml

    \b
    Exit codes: 0 everything in the store stands under the keys of now, and opens; 1 something does
    not, or it was stopped; 2 wrong usage or configuration.
    """  # noqa: D301 - click's own mark
    sweeping.sweep(sweeping.Order(**given), Rewrapping)
