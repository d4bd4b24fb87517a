# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms policy`: what the policies of a KMS core come to."""

import click

from sidecar.cli.lazily import LazyGroup

COMMANDS = {"simulate": "Tell who may do what to which CMK, and which statement decides."}


class _Commands(LazyGroup):
    package = __name__
    modules = COMMANDS


@click.group(cls=_Commands)
def command() -> None:
    """Tell what the policies of a KMS core come to, without making a call."""
