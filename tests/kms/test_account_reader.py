# SPDX-License-Identifier: Apache-2.0
"""Accounts and policies as they are written, and the place of every mistake in them."""

import json
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.kms.account_reader import AccountReader, read_policies
from sidecar.kms.accounts import Account, Group, OidcProvider
from sidecar.kms.limits import Quotas, Rates
from sidecar.strict_yaml import parse

ACCOUNTS = """\
- id: "1"
  users:
    - name: writer
      id: "21"
      policies: [AliyunKMSFullAccess, none]
      access_keys: [{id: AK1, secret_file: a.secret}, {id: AK2, secret_file: a.secret}]
    - name: reader
      id: "22"
      policies: []
      access_keys: [{id: AK3, secret_file: a.secret}]
- id: "2"
  users:
    - name: writer
      id: "23"
      policies: []
      access_keys: [{id: AK4, secret_file: a.secret}]
"""
NONE = '{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
QUOTAS = Quotas(keys=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secret = tmp_path / "a.secret"
    secret.write_text("canary-secret\n")
    secret.chmod(0o600)
    return tmp_path


def accounts(text: str, folder: Path) -> tuple[Account, ...]:
    return AccountReader(folder, {"none": NONE}, QUOTAS, Rates()).read(
        parse(text.encode(), "kms.yaml")
    )


def test_users_get_the_policies_and_keys_that_they_name(folder: Path) -> None:
    one, other = accounts(ACCOUNTS, folder)
    assert (one.id, other.id) == ("1", "2")
    assert one.quotas == other.quotas == QUOTAS
    writer, reader = one.users
    assert writer.policies == ("AliyunKMSFullAccess", "none")
    assert [key.id for key in writer.access_keys] == ["AK1", "AK2"]
    assert (reader.name, reader.id, reader.policies) == ("reader", "22", ())
    assert reader.access_keys[0].secret == "canary-secret"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('id: "1"', "id: root", "1:7: expected an account id: digits"),
        ('id: "2"', 'id: "1"', "11:7: another account has the id '1'"),
        ('id: "23"', 'id: "21"', "14:11: another user has the id '21'"),
        ("id: AK4", "id: AK1", "16:26: another access key has the id 'AK1'"),
        ("name: reader", "name: a b", "7:13: expected a user name: letters, digits, . _ -"),
        ("none", "non", "5:39: no policy has the name 'non'; did you mean 'none'?"),
        ("id: AK1", "id: 'A,1'", "6:26: expected an access key id: letters, digits, . _ -"),
        ("a.secret}", "a.secret, x: y}", "6:54: unknown key 'x'; known here: id, secret_file"),
        ("name: reader", "name: writer", "7:13: another user of the account has the name 'writer'"),
        ("users:\n", "user: x\n  users:\n", "2:3: unknown key 'user'; did you mean 'users'?"),
        ("[{id: AK3, secret_file: a.secret}]", "[]", "10:20: the list is empty"),
        ("name: reader", "nmae: reader", "7:7: 'name' is missing; is it meant by 'nmae'?"),
    ],
)
def test_a_mistake_is_told_by_its_place(old: str, new: str, complaint: str, folder: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        accounts(ACCOUNTS.replace(old, new, 1), folder)
    assert caught.value.why == f"kms.yaml:{complaint}"


def policies(text: str) -> dict[str, str]:
    return dict(read_policies(parse(text.encode(), "kms.yaml")))


def test_a_written_policy_is_kept_as_its_text() -> None:
    text = '{none: {Version: "1", Statement: [{Effect: Deny, Action: "*", Resource: "*"}]}}'
    assert policies(text) == {"none": NONE}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{p: {Version: 2, Statement: []}}", '1:15: the version is "1"'),
        ("p: null", "1:4: expected text"),
        ("p: {Version: 1, Statement: []}", "1:28: expected a list of statements"),
        (
            "p: {Version: 1, Statement: [{Effect: Deny, Action: ['*', Decrypt], Resource: '*'}]}",
            "1:58: an action is * or service:Name, such as kms:Decrypt or kms:List*",
        ),
        (
            "p: {Version: 1, Statement: [{Effect: Deny, Action: '*', Resource: '*', Sid: x}]}",
            "1:77: unknown key 'Sid'; known here: Action, Condition, Effect, NotAction, Resource",
        ),
        (
            "AliyunKMSFullAccess: {Version: 1, Statement: []}",
            "1:1: 'AliyunKMSFullAccess' is the name of a system policy",
        ),
    ],
)
def test_a_mistake_in_a_policy_is_told_by_its_place(text: str, complaint: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        policies(text)
    assert caught.value.why == f"kms.yaml:{complaint}"


FEDERATED = """\
- id: "1"
  users: [{name: app, id: "21", policies: [], access_keys: [{id: AK1, secret_file: a.secret}]}]
  groups: [{name: sealers, users: [app], policies: [none]}]
  roles:
    - name: crm
      id: "31"
      policies: [none]
      max_session_seconds: 7200
      trust:
        Version: "1"
        Statement:
          - Effect: Allow
            Action: "sts:AssumeRole"
            Principal: {Federated: "acs:ram::1:oidc-provider/cluster"}
            Condition: {StringEquals: {"oidc:sub": "system:serviceaccount:shop:crm"}}
  oidc_providers:
    - name: cluster
      issuer: https://issuer.test
      audiences: [sts.aliyuncs.com]
      jwks: keys.json
"""


def test_groups_roles_and_providers_are_read(folder: Path) -> None:
    (account,) = accounts(FEDERATED, folder)
    assert account.groups == (Group("sealers", ("app",), ("none",)),)
    (role,) = account.roles
    assert (role.name, role.id, role.policies, role.max_session) == ("crm", "31", ("none",), 7200)
    assert json.loads(role.trust)["Statement"][0]["Action"] == "sts:AssumeRole"
    audiences = frozenset(["sts.aliyuncs.com"])
    expected = OidcProvider("cluster", "https://issuer.test", audiences, f"{folder}/keys.json")
    assert account.providers == (expected,)
    assert account.find_provider("cluster") == expected
    assert account.find_provider("other") is None


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("users: [app]", "users: [ap]", "3:36: no user has the name 'ap'; did you mean 'app'?"),
        (
            "oidc-provider/cluster",
            "oidc-provider/clutser",
            "14:36: no account has the provider 'acs:ram::1:oidc-provider/clutser'; did you mean",
        ),
        ('"sts:AssumeRole"', '"*"', "13:21: the action of a trust policy is sts:AssumeRole"),
        ("7200", "600", "8:28: expected an integer from 3600 to 43200"),
        *(
            ("keys.json", url, "20:13: expected a file or an https URL")
            for url in (
                *("http://issuer.test/keys", "https://", "https://[::1", "https://issuer.test:x/"),
                *("https://issuer.test:99999/", "file:///etc/passwd", "http://127.0.0.1.test/"),
            )
        ),
        ("[sts.aliyuncs.com]", "[]", "19:18: the list is empty"),
        ("https://issuer.test", "issuer", "18:15: expected the URL that tokens name"),
    ],
)
def test_a_mistake_in_them_is_told_by_its_place(
    old: str, new: str, complaint: str, folder: Path
) -> None:
    with pytest.raises(Misconfigured) as caught:
        accounts(FEDERATED.replace(old, new, 1), folder)
    assert caught.value.why.startswith(f"kms.yaml:{complaint}")
