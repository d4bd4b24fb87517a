# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms audit`: the audit trail, looked at where it stands."""

import click

from sidecar.cli.lazily import LazyGroup

COMMANDS = {
    "verify": "Verify the whole trail, in the database or in exported files.",
    "query": "Print the records about a user, an action, a key and so on.",
    "tail": "Print the newest records.",
    "public-key": "Print the key that signatures of the trail are checked with.",
    "prune": "Take old records away, so that the rest still verifies.",
}


@click.group(cls=LazyGroup, package=__name__, modules=COMMANDS)
def command() -> None:
    """Look at the audit trail of a KMS core, whether it serves now or not."""
