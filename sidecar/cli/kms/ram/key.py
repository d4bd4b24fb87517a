# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms ram key`: the access keys of users."""

import click

from sidecar.cli.kms.ram.asking import Desk, at_the_desk


@click.group()
def command() -> None:
    """Access keys: what a user signs with; two at the most, so that one can replace the other.

    \b
      (umask 077; sidecar kms ram key create crm --json > crm.json)     # give it to sidecars
      sidecar kms audit query --access-key OLD-ID -n 1                  # is the old one still used?
      sidecar kms ram key disable crm OLD-ID
      sidecar kms ram key delete crm OLD-ID
    """  # noqa: D301 - click's own mark


@command.command()
@click.argument("user")
@at_the_desk
def create(desk: Desk, user: str) -> None:
    """Make an access key; its secret is shown now and never again.

    As JSON it is what `credentials_file` of a sidecar.yaml and --credentials take, in a file that
    only its owner can read:

    \b
      (umask 077; sidecar kms ram key create crm --json > crm.json)
    """  # noqa: D301 - click's own mark
    key = desk.ask("CreateAccessKey", UserName=user)["AccessKey"]
    told = {
        "endpoint": desk.endpoint,
        "access_key_id": key["AccessKeyId"],
        "access_key_secret": key["AccessKeySecret"],
    }
    desk.tell(told, [f"{name:18} {value}" for name, value in told.items()])


@command.command(name="list")
@click.argument("user")
@at_the_desk
def list_(desk: Desk, user: str) -> None:
    """The access keys of a user."""
    keys = desk.ask("ListAccessKeys", UserName=user)["AccessKeys"]["AccessKey"]
    lines = (f"{one['AccessKeyId']:32} {one['Status']:8}  {one['CreateDate']}" for one in keys)
    desk.tell(keys, lines)


@command.command()
@click.argument("user")
@click.argument("key_id")
@at_the_desk
def disable(desk: Desk, user: str, key_id: str) -> None:
    """Set an access key aside, from the next call on.

    That may be one that stands in kms.yaml.
    """
    _set(desk, user, key_id, "Inactive")


@command.command()
@click.argument("user")
@click.argument("key_id")
@at_the_desk
def enable(desk: Desk, user: str, key_id: str) -> None:
    """Let an access key count again."""
    _set(desk, user, key_id, "Active")


@command.command()
@click.argument("user")
@click.argument("key_id")
@at_the_desk
def delete(desk: Desk, user: str, key_id: str) -> None:
    """Delete an access key for good."""
    named = {"UserName": user, "UserAccessKeyId": key_id}
    desk.do(f"{key_id} is deleted.", "DeleteAccessKey", **named)


def _set(desk: Desk, user: str, key_id: str, status: str) -> None:
    named = {"UserName": user, "UserAccessKeyId": key_id}
    desk.do(f"{key_id} is {status.lower()}.", "UpdateAccessKey", **named, Status=status)
