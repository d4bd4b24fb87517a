# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms audit`: the audit trail, looked at where it stands."""

import click

from sidecar.cli.lazily import LazyGroup

COMMANDS = {
    "verify": "Compute the whole chain again.",
    "tail": "Print the newest records.",
}


class _Commands(LazyGroup):
    package = __name__
    modules = COMMANDS


@click.group(cls=_Commands)
def command() -> None:
    """Look at the audit trail of a KMS core, whether it serves now or not."""
