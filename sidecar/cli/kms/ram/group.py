# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms ram group`: groups, and who is in them."""

import click

from sidecar.cli.kms.ram.asking import Desk, at_the_desk


@click.group()
def command() -> None:
    """Groups: users for whom the same policies hold."""


@command.command()
@click.argument("name")
@click.option("--comment", help="What it is for.")
@at_the_desk
def create(desk: Desk, name: str, comment: str | None) -> None:
    """Make a group."""
    group = desk.ask("CreateGroup", GroupName=name, Comments=comment)["Group"]
    desk.tell(group, [f"{group['GroupName']}  {group['GroupId']}"])


@command.command(name="list")
@at_the_desk
def list_(desk: Desk) -> None:
    """All groups of the account."""
    groups = desk.ask_all("ListGroups", "Groups", "Group")
    desk.tell(groups, (f"{one['GroupName']:32} {one['Comments']}" for one in groups))


@command.command()
@click.argument("name")
@at_the_desk
def show(desk: Desk, name: str) -> None:
    """A group with its users and policies."""
    told = {
        "Group": desk.ask("GetGroup", GroupName=name)["Group"],
        "Users": desk.ask_all("ListUsersForGroup", "Users", "User", GroupName=name),
        "Policies": desk.ask("ListPoliciesForGroup", GroupName=name)["Policies"]["Policy"],
    }
    desk.tell(
        told,
        [
            f"{name}  {told['Group']['GroupId']}",
            *(f"  user   {one['UserName']}" for one in told["Users"]),
            *(f"  policy {one['PolicyName']}" for one in told["Policies"]),
        ],
    )


@command.command()
@click.argument("name")
@click.argument("user")
@at_the_desk
def add(desk: Desk, name: str, user: str) -> None:
    """Let a user into a group."""
    desk.do(f"{user} is in {name}.", "AddUserToGroup", GroupName=name, UserName=user)


@command.command()
@click.argument("name")
@click.argument("user")
@at_the_desk
def remove(desk: Desk, name: str, user: str) -> None:
    """Take a user out of a group."""
    told = f"{user} is not in {name} any more."
    desk.do(told, "RemoveUserFromGroup", GroupName=name, UserName=user)


@command.command()
@click.argument("name")
@at_the_desk
def delete(desk: Desk, name: str) -> None:
    """Delete a group that has no users and policies any more."""
    desk.do(f"{name} is deleted.", "DeleteGroup", GroupName=name)
