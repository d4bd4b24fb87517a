# SPDX-License-Identifier: Apache-2.0
"""The one call that needs no signature costs an account no more than its own calls may."""

import json
from pathlib import Path

from sqlalchemy import func, select

from sidecar.kms.accounts import Account, OidcProvider, Role, User
from sidecar.kms.faults import Fault
from sidecar.kms.limits import Rates
from sidecar.kms.store import Database
from sidecar.kms.store.ram_tables import StsSession
from sidecar.signing import AccessKey
from tests.kms.ram.inside import NOW, STS, Asked, core
from tests.kms.ram.issuer import AUDIENCE, ISSUER, Issuer

ADMIN = AccessKey("LTAIadmin", "one")


def count_sessions(database: Database) -> int:
    with database.snapshot() as connection:
        return connection.execute(select(func.count()).select_from(StsSession)).scalar_one()


CLUSTER = "acs:ram::1:oidc-provider/cluster"


def account(keys: Path, *roles: Role) -> Account:
    return Account(
        "1",
        (User("admin", "21", (), (ADMIN,)),),
        roles=roles,
        providers=(OidcProvider("cluster", ISSUER, frozenset([AUDIENCE]), str(keys)),),
        rates=Rates(write=3),
    )


def role(name: str, role_id: str, *effects: str) -> Role:
    to = {"Action": "sts:AssumeRole", "Principal": {"Federated": CLUSTER}}
    statements = [{"Effect": effect, **to} for effect in effects]
    return Role(name, role_id, json.dumps({"Version": "1", "Statement": statements}), ())


def asked(token: str, role: str = "crm") -> Asked:
    parameters = {
        "OIDCProviderArn": CLUSTER,
        "RoleArn": f"acs:ram::1:role/{role}",
        "RoleSessionName": "me",
        "OIDCToken": token,
    }
    return Asked("AssumeRoleWithOIDC", parameters, None, STS)


def test_nobody_finds_out_which_roles_there_are(tmp_path: Path) -> None:
    issuer, file = Issuer(), tmp_path / "keys.json"
    file.write_text(issuer.published())
    token = issuer.token(iat=NOW, exp=NOW + 600)
    with core(tmp_path, account(file, role("denying", "31", "Allow", "Deny"))) as inside:
        outcomes = inside.together(asked(token, "denying"), asked(token, "nobody"))
    for one in outcomes:
        assert isinstance(one, Fault)
        assert (one.fault_code, one.detail) == (
            "NoPermission",
            {
                "AuthAction": "sts:AssumeRole",
                "AuthPrincipalDisplayName": "oidc-provider/cluster",
                "AuthPrincipalOwnerId": "1",
                "AuthPrincipalType": "Federated",
                "NoPermissionType": "ImplicitDeny",
                "PolicyType": "AssumeRolePolicy",
            },
        )


def test_workloads_are_counted_as_calls_of_the_account_that_lets_them_in(tmp_path: Path) -> None:
    issuer, file = Issuer(), tmp_path / "keys.json"
    file.write_text(issuer.published())
    good, forged = asked(issuer.token(iat=NOW, exp=NOW + 600)), asked("a.b.c")
    with core(tmp_path, account(file, role("crm", "31", "Allow"))) as inside:
        outcomes = inside.together(*[forged] * 9, *[good] * 5)
        told = [one.fault_code if isinstance(one, Fault) else None for one in outcomes[9:]]
        assert told == [None, None, None, "Rejected.Throttling", "Rejected.Throttling"]
        assert inside.hsm.run(lambda _: count_sessions(inside.database)) == 3
