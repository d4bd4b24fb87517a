# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms`: make, serve, call and audit the bundled KMS core."""

import click

from sidecar.cli.lazily import LazyGroup

COMMANDS = {
    "init": "Make a KMS core in a folder, with its first access keys.",
    "serve": "Serve the KMS API.",
    "call": "Sign and send one call of the KMS API.",
    "backup": "Write a KMS core to one file while it serves.",
    "restore": "Make a KMS core from a backup, proven.",
    "ram": "Say who may call: users, access keys, groups, roles and policies.",
    "policy": "Tell who may do what to which CMK, and why.",
    "audit": "Look at the audit trail of a KMS core.",
}


@click.group(cls=LazyGroup, package=__name__, modules=COMMANDS)
def command() -> None:
    """Make, serve and call the bundled KMS core.

    It keeps CMKs in a PKCS#11 token and speaks the KMS API (2016-01-20) of Alibaba Cloud, so the
    vendor's SDKs work with it unchanged.
    """
