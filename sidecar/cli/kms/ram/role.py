# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms ram role`: roles, whom they trust, and the end of their sessions."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from sidecar.cli.kms.options import FILE
from sidecar.cli.kms.ram.asking import Answer, Desk, at_the_desk, read_document


@click.group()
def command() -> None:
    """Roles: what users and workloads become for a while, without a lasting key."""


@command.command()
@click.argument("name")
@click.option("--trust", type=FILE, required=True, help="The trust policy: who may assume it.")
@click.option("--description", help="What it is for.")
@click.option("--max-session", type=int, metavar="SECONDS", help="3600 to 43200.")
@at_the_desk
def create(
    desk: Desk, name: str, trust: Path, description: str | None, max_session: int | None
) -> None:
    """Make a role; it may do nothing yet.

    \b
    A trust policy for the pods of one Kubernetes service account:
      {"Version": "1", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Federated": "acs:ram::1000000000000001:oidc-provider/cluster"},
        "Condition": {"StringEquals": {"oidc:sub": "system:serviceaccount:shop:crm"}}}]}

    Without the condition on oidc:sub every pod of the cluster may assume it: that is warned of.
    """  # noqa: D301 - click's own mark
    role = desk.ask(
        "CreateRole",
        RoleName=name,
        AssumeRolePolicyDocument=read_document(trust),
        Description=description,
        MaxSessionDuration=None if max_session is None else str(max_session),
    )["Role"]
    desk.tell(role, [f"{role['Arn']}  {role['RoleId']}"])
    desk.warn(_openings(role))


@command.command(name="list")
@at_the_desk
def list_(desk: Desk) -> None:
    """All roles of the account; open ones are warned of.

    Open is a role that every workload of an OIDC provider may assume.
    """
    roles = desk.ask_all("ListRoles", "Roles", "Role")
    desk.tell(roles, (f"{one['RoleName']:32} {one['Description']}" for one in roles))
    desk.warn(f"{one['RoleName']}: {line}" for one in roles for line in _openings(one))


@command.command()
@click.argument("name")
@at_the_desk
def show(desk: Desk, name: str) -> None:
    """A role with its trust policy and its policies."""
    role = desk.ask("GetRole", RoleName=name)["Role"]
    policies = desk.ask("ListPoliciesForRole", RoleName=name)["Policies"]["Policy"]
    trust = json.loads(role["AssumeRolePolicyDocument"])
    desk.tell(
        {"Role": role, "Policies": policies},
        [
            f"{role['Arn']}  {role['RoleId']}",
            f"  sessions of {role['MaxSessionDuration']} s at the most",
            *(f"  policy {one['PolicyName']}" for one in policies),
            "  trusts " + json.dumps(trust["Statement"]),
        ],
    )
    desk.warn(_openings(role))


@command.command()
@click.argument("name")
@click.argument("trust", type=FILE)
@at_the_desk
def trust(desk: Desk, name: str, trust: Path) -> None:
    """Change who may assume a role; sessions that there are go on."""
    text = read_document(trust)
    answer = desk.ask("UpdateRole", RoleName=name, NewAssumeRolePolicyDocument=text)
    desk.tell(answer, [f"{name} trusts whom {trust} says."])
    desk.warn(_openings(answer["Role"]))


@command.command()
@click.argument("name")
@at_the_desk
def revoke(desk: Desk, name: str) -> None:
    """End every session of a role, from the next call on.

    New ones may be opened.
    """
    answer = desk.ask("RevokeRoleSessions", RoleName=name)
    desk.tell(answer, [f"{answer['RevokedSessions']} sessions of {name} have ended."])


@command.command()
@click.argument("name")
@at_the_desk
def delete(desk: Desk, name: str) -> None:
    """Delete a role that has no policies any more.

    Its sessions end with it.
    """
    desk.do(f"{name} is deleted.", "DeleteRole", RoleName=name)


def _openings(role: Answer) -> Iterator[str]:
    """What is wrong with whom a role trusts, if anything is; the vendor's RAM does not say."""
    for provider in role.get("OpenToAllOf", ()):
        yield f"every workload of {provider} may assume it: no condition on oidc:sub says which"
