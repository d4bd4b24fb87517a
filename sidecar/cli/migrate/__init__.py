# SPDX-License-Identifier: Apache-2.0
"""`sidecar migrate`: seal what is stored already."""

import click

from sidecar.cli.lazily import LazyGroup

COMMANDS = {
    "collection": "Seal the records of a collection in its store, while it is used.",
    "file": "Seal a file of JSON, NDJSON or CSV on its way into a store.",
}


@click.group(cls=LazyGroup, package=__name__, modules=COMMANDS)
def command() -> None:
    """Seal what is stored already, as the proxy would have sealed it.

    Bring a rule in with `phase: monitor`, go on to `phase: migrate`, seal what is stored with this
    command, and end with `phase: enforce`.
    """
