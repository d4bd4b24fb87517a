# SPDX-License-Identifier: Apache-2.0
"""A role that forgets to say which workloads it means is told of, wherever somebody looks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sidecar.kms.accounts import Account, OidcProvider, Role, User
from sidecar.kms.audit import tail
from sidecar.kms.faults import Fault
from sidecar.kms.ram.open_roles import warn_of_open_roles
from sidecar.signing import AccessKey
from tests.kms.ram.inside import RAM, Inside, core
from tests.kms.ram.issuer import AUDIENCE, ISSUER, SUBJECT

ADMIN = AccessKey("LTAIadmin", "one")
CLUSTER = "acs:ram::1:oidc-provider/cluster"
OURS = {"StringEquals": {"oidc:sub": SUBJECT}}


def trust(provider: str = CLUSTER, **condition: object) -> str:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": provider},
    }
    statement |= {"Condition": condition} if condition else {}
    return json.dumps({"Version": "1", "Statement": [statement]})


ACCOUNTS = (
    Account(
        "1",
        (User("admin", "21", ("AliyunRAMFullAccess",), (ADMIN,)),),
        roles=(Role("named", "31", trust(**OURS), ()), Role("open", "32", trust(), ())),
        providers=(OidcProvider("cluster", ISSUER, frozenset([AUDIENCE]), "no-file"),),
    ),
    Account("2", (User("eve", "22"),)),
)


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with core(tmp_path_factory.mktemp("open"), *ACCOUNTS) as inside:
        yield inside


def ask(inside: Inside, action: str, **parameters: str) -> Any:
    return inside.call(action, ADMIN, RAM, **parameters)


def last_outcome(inside: Inside) -> object:
    with inside.database.snapshot() as connection:
        (link,) = tail(connection, 1)
    return json.loads(link.record).get("responseElements")


def test_a_role_that_is_made_or_changed_says_so_and_so_does_the_trail(inside: Inside) -> None:
    new = {"RoleName": "made", "AssumeRolePolicyDocument": trust()}
    assert ask(inside, "CreateRole", **new)["Role"]["OpenToAllOf"] == [CLUSTER]
    assert last_outcome(inside) == {"OpenToAllOf": CLUSTER}
    assert ask(inside, "GetRole", RoleName="made")["Role"]["OpenToAllOf"] == [CLUSTER]
    for text, told in ((trust(**OURS), None), (trust(), [CLUSTER])):
        changed = ask(inside, "UpdateRole", RoleName="made", NewAssumeRolePolicyDocument=text)
        assert changed["Role"].get("OpenToAllOf") == told
        assert last_outcome(inside) == ({"OpenToAllOf": CLUSTER} if told else None)
    ask(inside, "DeleteRole", RoleName="made")


def test_a_list_of_roles_says_which_are_open(inside: Inside) -> None:
    roles = ask(inside, "ListRoles")["Roles"]["Role"]
    assert {one["RoleName"]: one.get("OpenToAllOf") for one in roles} == {
        "named": None,
        "open": [CLUSTER],
    }


def test_a_start_warns_of_every_one(inside: Inside, caplog: pytest.LogCaptureFixture) -> None:
    warn_of_open_roles(inside.database)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        f"account 1: every workload of {CLUSTER} may assume the role open: "
        "no condition on oidc:sub says which"
    )


@pytest.mark.parametrize(
    "provider",
    [
        "acs:ram::1:oidc-provider/clusters",
        "acs:ram::2:oidc-provider/cluster",
        "acs:ram::9:oidc-provider/cluster",
    ],
)
def test_a_provider_that_nobody_configured_cannot_be_trusted(provider: str, inside: Inside) -> None:
    before = ask(inside, "ListRoles")
    ask(inside, "CreateRole", RoleName="own", AssumeRolePolicyDocument=trust(**OURS))
    for action, parameters in (
        ("CreateRole", {"RoleName": "new", "AssumeRolePolicyDocument": trust(provider)}),
        ("UpdateRole", {"RoleName": "own", "NewAssumeRolePolicyDocument": trust(provider)}),
    ):
        with pytest.raises(Fault, match=f"The OIDC provider {provider} does not exist") as caught:
            ask(inside, action, **parameters)
        assert (caught.value.http_status, caught.value.fault_code) == (
            404,
            "EntityNotExist.OIDCProvider",
        )
    told = ask(inside, "GetRole", RoleName="own")["Role"]["AssumeRolePolicyDocument"]
    assert json.loads(told) == json.loads(trust(**OURS))
    ask(inside, "DeleteRole", RoleName="own")
    assert ask(inside, "ListRoles") == before
