# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms ram`: who may call a KMS core, and what they may."""

import click

from sidecar.cli.lazily import LazyGroup

COMMANDS = {
    "user": "Users: those who call.",
    "key": "Access keys: what a user signs with.",
    "group": "Groups: users for whom the same policies hold.",
    "role": "Roles: what users and workloads become for a while, without a lasting key.",
    "policy": "Policies: what their holders may.",
}


@click.group(cls=LazyGroup, package=__name__, modules=COMMANDS)
def command() -> None:
    """Say who may call a KMS core that serves, and what they may.

    Each command is a call of RAM's API (2015-05-01), signed by the access key in
    DIR/credentials.json: it needs the rights for it (AliyunRAMFullAccess), and it stands in the
    audit trail. What kms.yaml says is changed there, and not here.

    \b
    A new application, and no more than it needs:
      sidecar kms ram user create crm
      sidecar kms ram policy create crm-keys crm-keys.json
      sidecar kms ram policy attach crm-keys --to user/crm
      sidecar kms ram key create crm
    """  # noqa: D301 - click's own mark
