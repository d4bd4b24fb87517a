# SPDX-License-Identifier: Apache-2.0
"""`sidecar migrate file`: seal a file of records."""

from typing import Any

import click

from sidecar.cli.migrate import filing
from sidecar.migration import SealingAll


@click.command()
@filing.options
def command(**given: Any) -> None:
    """Write SOURCE again as TARGET, with every protected value in it sealed.

    SOURCE holds records of the rule: one JSON object, an array of them, NDJSON, or CSV whose first
    row names the columns. It is read piece by piece, however long it is; what stands between
    records stays as it is, and so do records that are sealed already. TARGET appears when it is
    whole and has been read again; it may be SOURCE. It does not where somebody writes SOURCE
    meanwhile.

    Digits (`format: digits`) look alike sealed and unsealed: seal such a file once.

    \b
    Examples:
      sidecar migrate file --rule customers export.ndjson sealed.ndjson
      sidecar migrate file --rule customers --tenant-member org export.csv sealed.csv

    \b
    Exit codes: 0 every value in TARGET is sealed and opens; 1 a record cannot be sealed, or it was
    stopped, and there is no TARGET; 2 wrong usage or configuration.
    """  # noqa: D301 - click's own mark
    filing.rewrite(filing.FileOrder(**given), lambda _rule, _keyring: SealingAll())
