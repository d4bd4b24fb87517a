# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms policy`: what the policies of a KMS core come to."""

import click

from sidecar.cli.lazily import LazyGroup

COMMANDS = {"simulate": "Tell who may do what to which CMK, and which statement decides."}


@click.group(cls=LazyGroup, package=__name__, modules=COMMANDS)
def command() -> None:
    """Tell what the policies of a KMS core come to, without making a call."""
