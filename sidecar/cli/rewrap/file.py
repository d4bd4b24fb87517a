# SPDX-License-Identifier: Apache-2.0
"""`sidecar rewrap file`: seal a file of records anew."""

from typing import Any

import click

from sidecar.cli.migrate import filing
from sidecar.migration import Rewrapping


@click.command()
@filing.options
def command(**given: Any) -> None:
    """Write SOURCE again as TARGET, with what stands under old keys in it sealed anew.

    Files and options are those of `sidecar migrate file`. Records under the keys of now stay as
    they are. An archive can so be kept readable when the CMK that it was sealed under is to go.

    \b
    Example:
      sidecar rewrap file --rule customers archive.ndjson archive.ndjson

    \b
    Exit codes: 0 everything in TARGET stands under the keys of now, and opens; 1 a record cannot be
    sealed anew, or it was stopped, and there is no TARGET; 2 wrong usage or configuration.
    """  # noqa: D301 - click's own mark
    filing.rewrite(filing.FileOrder(**given), Rewrapping)
