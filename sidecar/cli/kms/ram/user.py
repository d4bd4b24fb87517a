# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms ram user`: users, made, told and deleted."""

import click

from sidecar.cli.kms.ram.asking import Desk, at_the_desk


@click.group()
def command() -> None:
    """Users: those who call."""


@command.command()
@click.argument("name")
@click.option("--comment", help="What it is for.")
@at_the_desk
def create(desk: Desk, name: str, comment: str | None) -> None:
    """Make a user; it may do nothing yet, and has no access key."""
    user = desk.ask("CreateUser", UserName=name, Comments=comment)["User"]
    desk.tell(user, [f"{user['UserName']}  {user['UserId']}"])


@command.command(name="list")
@at_the_desk
def list_(desk: Desk) -> None:
    """All users of the account."""
    users = desk.ask_all("ListUsers", "Users", "User")
    desk.tell(users, (f"{one['UserName']:32} {one['UserId']}  {one['Comments']}" for one in users))


@command.command()
@click.argument("name")
@at_the_desk
def show(desk: Desk, name: str) -> None:
    """A user with its groups, policies and access keys."""
    told = {
        "User": desk.ask("GetUser", UserName=name)["User"],
        "Groups": desk.ask("ListGroupsForUser", UserName=name)["Groups"]["Group"],
        "Policies": desk.ask("ListPoliciesForUser", UserName=name)["Policies"]["Policy"],
        "AccessKeys": desk.ask("ListAccessKeys", UserName=name)["AccessKeys"]["AccessKey"],
    }
    desk.tell(
        told,
        [
            f"{name}  {told['User']['UserId']}",
            *(f"  in group   {one['GroupName']}" for one in told["Groups"]),
            *(f"  policy     {one['PolicyName']}" for one in told["Policies"]),
            *(f"  access key {one['AccessKeyId']}  {one['Status']}" for one in told["AccessKeys"]),
        ],
    )


@command.command()
@click.argument("name")
@at_the_desk
def delete(desk: Desk, name: str) -> None:
    """Delete a user without access keys, groups and policies."""
    desk.do(f"{name} is deleted.", "DeleteUser", UserName=name)
