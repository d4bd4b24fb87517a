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


def test_workloads_are_counted_as_calls_of_the_account_that_lets_them_in(tmp_path: Path) -> None:
    issuer, file = Issuer(), tmp_path / "keys.json"
    file.write_text(issuer.published())
    named = "acs:ram::1:oidc-provider/cluster"
    to = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": named}}
    account = Account(
        "1",
        (User("admin", "21", (), (ADMIN,)),),
        roles=(Role("crm", "31", json.dumps({"Version": "1", "Statement": [to]}), ()),),
        providers=(OidcProvider("cluster", ISSUER, frozenset([AUDIENCE]), str(file)),),
        rates=Rates(write=3),
    )
    token = issuer.token(iat=NOW, exp=NOW + 600)
    parameters = {
        "OIDCProviderArn": named,
        "RoleArn": "acs:ram::1:role/crm",
        "RoleSessionName": "me",
    }
    good = Asked("AssumeRoleWithOIDC", {**parameters, "OIDCToken": token}, None, STS)
    forged = Asked("AssumeRoleWithOIDC", {**parameters, "OIDCToken": "a.b.c"}, None, STS)
    with core(tmp_path, account) as inside:
        outcomes = inside.together(*[forged] * 9, *[good] * 5)
        told = [one.fault_code if isinstance(one, Fault) else None for one in outcomes[9:]]
        assert told == [None, None, None, "Rejected.Throttling", "Rejected.Throttling"]
        assert inside.hsm.run(lambda _: count_sessions(inside.database)) == 3
