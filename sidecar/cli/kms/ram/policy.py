# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms ram policy`: policies, and for whom they hold."""

import json
from pathlib import Path

import click

from sidecar.cli.kms.options import FILE
from sidecar.cli.kms.ram.asking import Desk, at_the_desk, read_document, type_of

KINDS = ("user", "group", "role")


@click.group()
def command() -> None:
    """Policies: what their holders may."""


@command.command()
@click.argument("name")
@click.argument("file", type=FILE)
@click.option("--description", help="What it is for.")
@at_the_desk
def create(desk: Desk, name: str, file: Path, description: str | None) -> None:
    """Make a policy of the JSON document in FILE.

    \b
    What a sidecar needs, for one CMK:
      {"Version": "1", "Statement": [{
        "Effect": "Allow",
        "Action": ["kms:DescribeKey", "kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "acs:kms:*:1000000000000001:key/711ec606-380f-4d45-adb1-ee586972b151"}]}

    What it comes to, `sidecar kms policy simulate` tells.
    """  # noqa: D301 - click's own mark
    text = read_document(file)
    answer = desk.ask("CreatePolicy", PolicyName=name, PolicyDocument=text, Description=description)
    desk.tell(
        answer["Policy"],
        [f"{name} is made; attach it: sidecar kms ram policy attach {name} --to user/…"],
    )


@command.command()
@click.argument("name")
@click.argument("file", type=FILE)
@at_the_desk
def update(desk: Desk, name: str, file: Path) -> None:
    """Let a policy say what FILE says, at once.

    Up to four texts of before are kept.
    """
    answer = desk.ask(
        "CreatePolicyVersion",
        PolicyName=name,
        PolicyDocument=read_document(file),
        SetAsDefault="true",
        RotateStrategy="DeleteOldestNonDefaultVersionWhenLimitExceeded",
    )
    version = answer["PolicyVersion"]
    desk.tell(version, [f"{name} is {version['VersionId']} now."])


@command.command(name="list")
@click.option("--all", "with_system", is_flag=True, help="The vendor's as well.")
@at_the_desk
def list_(desk: Desk, *, with_system: bool) -> None:
    """The policies of the account."""
    kind = {} if with_system else {"PolicyType": "Custom"}
    some = desk.ask_all("ListPolicies", "Policies", "Policy", **kind)
    desk.tell(
        some,
        (f"{one['PolicyName']:40} {one['PolicyType']:7} {one['Description']}" for one in some),
    )


@command.command()
@click.argument("name")
@at_the_desk
def show(desk: Desk, name: str) -> None:
    """The text of a policy, and for whom it holds."""
    named = {"PolicyName": name, "PolicyType": type_of(name)}
    policy = desk.ask("GetPolicy", **named)["DefaultPolicyVersion"]
    holders = desk.ask("ListEntitiesForPolicy", **named)
    document = json.loads(policy["PolicyDocument"])
    desk.tell(
        {"Policy": policy, **{kind: holders[kind] for kind in ("Users", "Groups", "Roles")}},
        [
            f"{name}  {policy['VersionId']}",
            *(f"  user  {one['UserName']}" for one in holders["Users"]["User"]),
            *(f"  group {one['GroupName']}" for one in holders["Groups"]["Group"]),
            *(f"  role  {one['RoleName']}" for one in holders["Roles"]["Role"]),
            json.dumps(document, indent=2),
        ],
    )


@command.command()
@click.argument("name")
@click.option("--to", "holder", required=True, metavar="KIND/NAME", help="user/crm, role/crm, …")
@at_the_desk
def attach(desk: Desk, name: str, holder: str) -> None:
    """Let a policy hold for a user, group or role.

    It holds from the next call on. NAME may be one of the vendor's, such as AliyunKMSReadOnlyAccess
    (`sidecar kms ram policy list --all`).
    """
    kind, named = _held(name, holder)
    desk.do(f"{name} holds for {holder}.", f"AttachPolicyTo{kind}", **named)


@command.command()
@click.argument("name")
@click.option("--from", "holder", required=True, metavar="KIND/NAME", help="user/crm, role/crm, …")
@at_the_desk
def detach(desk: Desk, name: str, holder: str) -> None:
    """Let a policy hold no longer for a user, group or role.

    The next call goes without it.
    """
    kind, named = _held(name, holder)
    told = f"{name} does not hold for {holder} any more."
    desk.do(told, f"DetachPolicyFrom{kind}", **named)


@command.command()
@click.argument("name")
@at_the_desk
def delete(desk: Desk, name: str) -> None:
    """Delete a policy that holds for nobody any more.

    Its texts of before go with it.
    """
    named = {"PolicyName": name, "PolicyType": "Custom"}
    holders = desk.ask("ListEntitiesForPolicy", **named)
    if any(holders[kind][kind[:-1]] for kind in ("Users", "Groups", "Roles")):
        raise click.ClickException(f"{name} still holds for somebody; detach it first")
    # In one call, which is done whole or not; CascadingDelete would take the policy from whoever
    # was given it just now.
    desk.do(f"{name} is deleted.", "DeletePolicy", PolicyName=name, DeleteVersions="true")


def _held(policy: str, holder: str) -> tuple[str, dict[str, str]]:
    """The kind of a holder, and what names it and a policy together."""
    word, slash, name = holder.partition("/")
    if word not in KINDS or not slash or not name:
        raise click.BadParameter("a holder is user/NAME, group/NAME or role/NAME")
    kind = word.capitalize()
    return kind, {"PolicyName": policy, "PolicyType": type_of(policy), f"{kind}Name": name}
