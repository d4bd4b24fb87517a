# SPDX-License-Identifier: Apache-2.0
"""What is simulated is what the core decides, with the statement that decides."""

import json
import sys
from typing import Any

import pytest

from sidecar.cli import main
from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.kms.api.actions import ACTIONS
from sidecar.kms.simulation import RIGHTS
from tests.kms.ram.conftest import ACCOUNT, OTHER_ACCOUNT, Federated


@pytest.fixture
def simulate(
    federated: Federated, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Run `sidecar kms policy simulate`; what it printed."""

    def run(*options: str) -> str:
        command = ["sidecar", "kms", "policy", "simulate", "--dir", str(federated.kms.directory)]
        monkeypatch.setattr(sys, "argv", [*command, *options])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return told.out if ended.value.code in (0, None) else told.err

    return run


def set_policy(federated: Federated, cmk: str, effect: str, principal: str) -> None:
    statement = {
        "Effect": effect,
        "Principal": {"RAM": [principal]},
        "Action": ["kms:Decrypt"],
        "Resource": ["*"],
    }
    text = json.dumps({"Version": "1", "Statement": [statement]})
    federated.kms.call("SetKeyPolicy", KeyId=cmk, Policy=text)


def test_it_names_the_statement_that_decides(federated: Federated, simulate: Any) -> None:
    cmk = federated.kms.make_key()
    asked = ("--who", "user/sidecar", "--key", cmk, "--json")
    (verdict,) = json.loads(simulate(*asked, "--action", "Decrypt"))
    assert verdict["is_allowed"]
    assert verdict["by"] == [{"effect": "Allow", "policy": "use-keys", "statement": 1}]
    (verdict,) = json.loads(simulate(*asked, "--action", "kms:DisableKey"))
    assert (verdict["is_allowed"], verdict["denial"], verdict["by"]) == (False, "ImplicitDeny", [])
    set_policy(federated, cmk, "Deny", f"acs:ram::{ACCOUNT}:user/sidecar")
    (verdict,) = json.loads(simulate(*asked, "--action", "Decrypt"))
    assert verdict["denial"] == "ExplicitDeny"
    assert verdict["by"] == [{"effect": "Deny", "policy": "of the key", "statement": 1}]


def test_it_agrees_with_the_core(federated: Federated, simulate: Any) -> None:
    cmk = federated.kms.make_key()
    set_policy(federated, cmk, "Allow", f"acs:ram::{OTHER_ACCOUNT}:user/neighbour")
    kms = federated.kms
    sidecar = KmsClient.from_file(kms.directory / "sidecar.json", kms.endpoint, None)
    actions = ["DescribeKey", "GenerateDataKey", "Encrypt", "DisableKey", "ListKeyVersions"]
    options = [word for action in actions for word in ("--action", action)]
    verdicts = json.loads(simulate("--who", "user/sidecar", "--key", cmk, "--json", *options))
    for verdict, action in zip(verdicts, actions, strict=True):
        more = {"Plaintext": "YQ=="} if action == "Encrypt" else {}
        with pytest.raises(Refusal) as caught:  # a dry run always ends so
            sidecar.call(action, {"KeyId": cmk, "DryRun": "true", **more})
        would = caught.value.answer["Code"] == "DryRunOperationError"
        assert (action, verdict["is_allowed"]) == (action, would)


def test_it_finds_whom_a_key_lets_in_from_elsewhere(federated: Federated, simulate: Any) -> None:
    cmk = federated.kms.make_key()
    set_policy(federated, cmk, "Allow", f"acs:ram::{OTHER_ACCOUNT}:user/neighbour")
    told = simulate("--key", cmk, "--action", "Decrypt")
    (line,) = [line for line in told.splitlines() if OTHER_ACCOUNT in line]
    assert line.startswith("yes")
    assert line.endswith("by AliyunKMSFullAccess #1, of the key #1")
    assert f"{ACCOUNT}:role/crm" in told


def test_every_action_that_is_about_one_cmk_alone_is_simulated() -> None:
    others = {name for name in ACTIONS if f"kms:{name}" not in RIGHTS}
    assert others == {
        *("CreateKey", "ListKeys", "CreateAlias", "UpdateAlias", "DeleteAlias", "ListAliases"),
        *("DescribeRegions", "DescribeAccountKmsStatus", "OpenKmsService"),
        *(name for name in ACTIONS if "Certificate" in name),
        "ReEncrypt",  # two rights
    }


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--who", "user/sidecarr"), "did you mean 'user/sidecar'"),
        (("--action", "Decript"), "did you mean 'Decrypt'"),
        (("--action", "CreateKey"), "'CreateKey' is not an action whose right is about one CMK"),
        (("--action", "ReEncrypt"), "did you mean 'ReEncryptTo'"),
        (("--key", "alias/nothing"), "there is no CMK alias/nothing"),
        (("--account", "7"), "there is no account 7"),
    ],
)
def test_a_mistake_is_told(options: tuple[str, str], complaint: str, simulate: Any) -> None:
    assert complaint in simulate(*options)
