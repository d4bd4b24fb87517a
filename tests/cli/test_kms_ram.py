# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms ram`, as its users type it."""

import json
import sys
import threading
import uuid
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from sidecar.cli import main
from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.client_tls import ClientTls
from tests.fixtures.kms import RunningKms


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


type Ram = Callable[..., Done]


@pytest.fixture
def ram(
    kms: RunningKms, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ram:
    """Run `sidecar kms ram ...` against the running KMS."""

    def run(
        *arguments: str | Path,
        credentials: Path = kms.credentials_file,
        endpoint: str = kms.endpoint,
    ) -> Done:
        place = ["--credentials", credentials, "--endpoint", endpoint]
        command = ["sidecar", "kms", "ram", *arguments, *place]
        monkeypatch.setattr(sys, "argv", list(map(str, command)))
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def name() -> str:
    return f"c-{uuid.uuid4()}"


def document(tmp_path: Path, *actions: str) -> Path:
    file = tmp_path / f"{uuid.uuid4()}.json"
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    file.write_text(json.dumps({"Version": "1", "Statement": [statement]}))
    return file


def test_an_application_gets_what_it_needs_and_loses_it_again(
    ram: Ram, kms: RunningKms, name: str, tmp_path: Path
) -> None:
    assert ram("user", "create", name, "--comment", "the shop").code == 0
    assert ram("policy", "create", name, document(tmp_path, "kms:ListKeys")).code == 0
    assert ram("policy", "attach", name, "--to", f"user/{name}").code == 0
    credentials = tmp_path / "credentials.json"
    credentials.touch(0o600)
    credentials.write_text(ram("key", "create", name, "--json").out)
    made = json.loads(credentials.read_text())
    client = KmsClient.from_file(credentials, None, ClientTls())
    assert "Keys" in client.call("ListKeys", {})
    with pytest.raises(Refusal):
        client.call("ListAliases", {})
    assert ram("policy", "update", name, document(tmp_path, "kms:List*")).out.endswith("v2 now.\n")
    assert "Aliases" in client.call("ListAliases", {})
    shown = ram("user", "show", name).out
    assert all(word in shown for word in (name, made["access_key_id"], "Active"))
    assert made["access_key_secret"] not in shown
    assert ram("key", "disable", name, made["access_key_id"]).code == 0
    with pytest.raises(Refusal) as caught:
        client.call("ListKeys", {})
    assert caught.value.answer["Code"] == "InvalidAccessKeyId.Inactive"
    assert ram("key", "enable", name, made["access_key_id"]).code == 0
    assert "Inactive" not in ram("key", "list", name).out
    assert ram("user", "delete", name).err == (
        "sidecar: DeleteConflict.User.AccessKey: The user still has an access key.\n"
    )
    assert ram("policy", "delete", name).code == 1
    for command in (
        ("key", "delete", name, made["access_key_id"]),
        ("policy", "detach", name, "--from", f"user/{name}"),
        ("policy", "delete", name),
        ("user", "delete", name),
    ):
        assert ram(*command).code == 0
    assert name not in ram("user", "list").out + ram("policy", "list").out


def test_groups_are_made_joined_and_left(ram: Ram, name: str) -> None:
    for command in (
        ("user", "create", name),
        ("group", "create", name, "--comment", "readers"),
        ("group", "add", name, name),
        ("policy", "attach", "AliyunKMSReadOnlyAccess", "--to", f"group/{name}"),
    ):
        assert ram(*command).code == 0
    shown = json.loads(ram("group", "show", name, "--json").out)
    assert [user["UserName"] for user in shown["Users"]] == [name]
    assert [policy["PolicyName"] for policy in shown["Policies"]] == ["AliyunKMSReadOnlyAccess"]
    assert name in ram("group", "list").out
    assert name in ram("policy", "show", "AliyunKMSReadOnlyAccess").out
    for command in (
        ("policy", "detach", "AliyunKMSReadOnlyAccess", "--from", f"group/{name}"),
        ("group", "remove", name, name),
        ("group", "delete", name),
    ):
        assert ram(*command).code == 0


def test_roles_are_made_trusted_and_revoked(
    ram: Ram, kms: RunningKms, name: str, tmp_path: Path
) -> None:
    trust = tmp_path / "trust.json"
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": f"acs:ram::{kms.account_id}:user/admin"},
    }
    trust.write_text(json.dumps({"Version": "1", "Statement": [statement]}))
    assert ram("role", "create", name, "--trust", trust, "--max-session", "7200").code == 0
    assert "7200 s" in ram("role", "show", name).out
    assert ram("role", "trust", name, trust).code == 0
    assert ram("role", "revoke", name).out == f"0 sessions of {name} have ended.\n"
    assert name in ram("role", "list").out
    assert ram("role", "delete", name).code == 0


PROVIDERS = """
    oidc_providers:
      - {name: cluster, issuer: "https://issuer.test", audiences: [a], jwks: keys.json}
"""


def test_a_role_that_names_no_workload_is_warned_of(
    ram: Ram, make_kms: Callable[[], RunningKms], tmp_path: Path
) -> None:
    kms = make_kms()
    configuration = kms.directory / "kms.yaml"
    configuration.write_text(configuration.read_text() + PROVIDERS)
    kms.start()
    provider = f"acs:ram::{kms.account_id}:oidc-provider/cluster"
    warning = f"every workload of {provider} may assume it: no condition on oidc:sub says which\n"

    def role(*arguments: str | Path) -> Done:
        return ram("role", *arguments, credentials=kms.credentials_file, endpoint=kms.endpoint)

    def trust(**more: object) -> Path:
        file = tmp_path / "trust.json"
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole"}
        whom = {"Principal": {"Federated": provider}}
        file.write_text(json.dumps({"Version": "1", "Statement": [{**statement, **whom, **more}]}))
        return file

    for command in (("create", "open", "--trust", trust()), ("show", "open")):
        assert role(*command).err == f"warning: {warning}"
    assert role("list").err == f"warning: open: {warning}"
    done = role("list", "--json")
    assert ([one["OpenToAllOf"] for one in json.loads(done.out)], done.err) == ([[provider]], "")
    kms.stop()
    kms.start()
    assert f"every workload of {provider} may assume the role open" in kms.log.read_text()
    named = trust(Condition={"StringEquals": {"oidc:sub": "system:serviceaccount:shop:crm"}})
    for command in (("trust", "open", named), ("show", "open"), ("list",)):
        assert role(*command).err == ""
    assert role("trust", "open", trust()).err == f"warning: {warning}"
    other = trust(Principal={"Federated": provider.replace("cluster", "other")})
    assert "EntityNotExist.OIDCProvider" in role("create", "new", "--trust", other).err


class Relay(ThreadingHTTPServer):
    """Hands calls on to a KMS, and after each one does what somebody else does meanwhile."""

    def __init__(self, kms: RunningKms, meanwhile: Callable[[str], None]) -> None:
        super().__init__(("127.0.0.1", 0), Handing)
        self.kms = kms
        self.meanwhile = meanwhile
        self.endpoint = f"http://127.0.0.1:{self.server_port}"


class Handing(BaseHTTPRequestHandler):
    server: Relay

    def do_POST(self) -> None:
        connection = HTTPConnection(self.server.kms.address)
        connection.request("POST", self.path, headers=dict(self.headers))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self.server.meanwhile(self.headers["x-acs-action"])
        self.send_response(answer.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_a_policy_that_is_given_to_somebody_while_it_is_deleted_stays_with_them(
    ram: Ram, kms: RunningKms, name: str, tmp_path: Path
) -> None:
    client = KmsClient(kms.endpoint, kms.access_key)
    held = {"PolicyName": name, "PolicyType": "Custom", "UserName": name}

    def attach(action: str) -> None:
        if action == "ListEntitiesForPolicy":
            client.call("AttachPolicyToUser", held, "2015-05-01")

    assert ram("user", "create", name).code == 0
    assert ram("policy", "create", name, document(tmp_path, "kms:ListKeys")).code == 0
    assert ram("policy", "update", name, document(tmp_path, "kms:List*")).code == 0
    with Relay(kms, attach) as relay:
        threading.Thread(target=relay.serve_forever).start()
        done = ram("policy", "delete", name, endpoint=relay.endpoint)
        relay.shutdown()
    assert done == Done(
        1, "", "sidecar: DeleteConflict.Policy.User: The policy still has a user.\n"
    )
    assert f"policy     {name}" in ram("user", "show", name).out
    assert ram("policy", "detach", name, "--from", f"user/{name}").code == 0
    assert ram("policy", "delete", name).code == 0
    assert ram("user", "delete", name).code == 0


@pytest.mark.parametrize("answers", [1, 2, 3])
def test_a_deletion_that_is_interrupted_leaves_a_whole_policy_or_none(
    answers: int, ram: Ram, kms: RunningKms, name: str, tmp_path: Path
) -> None:
    def versions() -> list[str]:
        named = {"PolicyName": name, "PolicyType": "Custom"}
        answer = KmsClient(kms.endpoint, kms.access_key).call(
            "ListPolicyVersions", named, "2015-05-01"
        )
        return [one["VersionId"] for one in answer["PolicyVersions"]["PolicyVersion"]]

    def interrupt(action: str) -> None:
        asked.append(action)
        if len(asked) == answers:
            raise ConnectionAbortedError

    asked: list[str] = []
    assert ram("policy", "create", name, document(tmp_path, "kms:ListKeys")).code == 0
    for _ in range(3):
        assert ram("policy", "update", name, document(tmp_path, "kms:List*")).code == 0
    with Relay(kms, interrupt) as relay:
        threading.Thread(target=relay.serve_forever).start()
        ram("policy", "delete", name, endpoint=relay.endpoint)
        relay.shutdown()
    if name in ram("policy", "list").out:
        assert versions() == ["v1", "v2", "v3", "v4"]
        assert ram("policy", "delete", name).code == 0
    assert name not in ram("policy", "list").out


def test_a_mistake_in_a_policy_is_told_by_its_place(ram: Ram, name: str, tmp_path: Path) -> None:
    done = ram("policy", "create", name, document(tmp_path, "ListKeys"))
    assert done.code == 1
    assert "InvalidParameter.PolicyDocument" in done.err
    assert "$.Statement[0].Action[0]: an action is * or service:Name" in done.err
    told = json.loads(ram("policy", "create", name, document(tmp_path, "x"), "--json").out)
    assert told["Code"] == "InvalidParameter.PolicyDocument"


def test_what_the_configuration_says_is_changed_there(ram: Ram) -> None:
    for command in (
        ("user", "delete", "sidecar"),
        ("policy", "detach", "use-keys", "--from", "user/sidecar"),
    ):
        done = ram(*command)
        assert done.code == 1
        assert "stands in kms.yaml: change it there" in done.err


def test_whoever_lacks_the_rights_hears_which(ram: Ram, kms: RunningKms) -> None:
    done = ram("user", "list", credentials=kms.directory / "sidecar.json")
    assert done.code == 1
    assert "give the user AliyunRAMFullAccess" in done.err


@pytest.mark.parametrize("holder", ["crm", "users/crm", "user/", "/crm"])
def test_a_holder_is_named_with_its_kind(ram: Ram, holder: str) -> None:
    done = ram("policy", "attach", "AliyunKMSReadOnlyAccess", "--to", holder)
    assert done.code == 2
    assert "a holder is user/NAME, group/NAME or role/NAME" in done.err
