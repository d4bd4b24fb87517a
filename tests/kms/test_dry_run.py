# SPDX-License-Identifier: Apache-2.0
"""With DryRun a call that would pass leaves token and database as they were, but for its record."""

import base64
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.kms.api.actions import ACTIONS
from sidecar.kms.service.key_policy import default_policy
from tests.fixtures.kms import RunningKms
from tests.kms.issuing import MIDDLE
from tests.kms.refusals import refusal, told
from tests.kms.requested import SUBJECT, make

OF_EVERY_CALL = {"nonce", "sqlite_sequence"}
"""Tables that any call writes to, as are those of the audit trail."""
TEXT = base64.b64encode(b"a canary").decode()
TAGS = '[{"TagKey":"a","TagValue":"b"}]'
LISTED = {"ResourceType": "key", "ResourceId.1": "@cmk"}
CASES: list[tuple[str, dict[str, str]]] = [
    ("CreateKey", {}),
    ("CreateKey", {"KeySpec": "RSA_4096"}),
    ("CreateKey", {"KeySpec": "RSA_2048", "ProtectionLevel": "SOFTWARE"}),
    ("CreateKey", {"Origin": "EXTERNAL", "Tags": TAGS}),
    ("UpdateKeyDescription", {"KeyId": "@cmk", "Description": "another"}),
    ("EnableKey", {"KeyId": "@disabled"}),
    ("DisableKey", {"KeyId": "@cmk"}),
    ("ScheduleKeyDeletion", {"KeyId": "@cmk", "PendingWindowInDays": "7"}),
    ("CancelKeyDeletion", {"KeyId": "@pending"}),
    ("SetDeletionProtection", {"KeyId": "@cmk", "EnableDeletionProtection": "true"}),
    ("SetKeyPolicy", {"KeyId": "@cmk", "Policy": default_policy("1000000000000001")}),
    ("GenerateDataKey", {"KeyId": "@cmk"}),
    ("CreateAlias", {"KeyId": "@cmk", "AliasName": "alias/new"}),
    ("UpdateAlias", {"KeyId": "@cmk", "AliasName": "alias/disabled"}),
    ("DeleteAlias", {"AliasName": "alias/disabled"}),
    ("TagResource", {"KeyId": "@cmk", "Tags": TAGS}),
    ("UntagResource", {"KeyId": "@disabled", "TagKeys": "a"}),
    ("TagResources", LISTED | {"Tag.1.Key": "a"}),
    ("UntagResources", LISTED | {"TagKey.1": "a"}),
    ("UpdateRotationPolicy", {"KeyId": "@cmk", "EnableAutomaticRotation": "false"}),
    (
        "GetParametersForImport",
        {
            "KeyId": "@external",
            "WrappingKeySpec": "RSA_2048",
            "WrappingAlgorithm": "RSAES_OAEP_SHA_1",
        },
    ),
    ("DeleteKeyMaterial", {"KeyId": "@external"}),
    ("CreateCertificate", {"Subject": SUBJECT, "KeySpec": "RSA_2048"}),
    ("UploadCertificate", {"CertificateId": "@certificate", "Certificate": "@issued"}),
    ("DeleteCertificate", {"CertificateId": "@certificate"}),
    ("OpenKmsService", {}),
]


class World:
    """A core with something of everything."""

    def __init__(self, kms: RunningKms) -> None:
        self.kms = kms
        certificate = make(kms)
        self._names = {
            "@cmk": kms.make_key(),
            "@disabled": kms.make_key("alias/disabled"),
            "@pending": kms.make_key(),
            "@external": kms.call("CreateKey", Origin="EXTERNAL")["KeyMetadata"]["KeyId"],
            "@certificate": certificate.id,
            "@issued": MIDDLE.answer(certificate.csr),
        }
        kms.call("TagResource", KeyId=self._names["@disabled"], Tags=TAGS)
        kms.call("DisableKey", KeyId=self._names["@disabled"])
        deleting = {"KeyId": self._names["@pending"], "PendingWindowInDays": "7"}
        kms.call("ScheduleKeyDeletion", **deleting)

    def fill(self, parameters: dict[str, str]) -> dict[str, str]:
        return {name: self._names.get(text, text) for name, text in parameters.items()}

    def state(self) -> dict[str, object]:
        """All that stands in the database and in the token's folder."""
        tables: dict[str, object] = {}
        with closing(sqlite3.connect(self.kms.directory / "kms.db")) as database:
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (name,) in names.fetchall():
                if name not in OF_EVERY_CALL and not name.startswith("audit_"):
                    tables[name] = sorted(map(repr, database.execute(f"SELECT * FROM {name}")))
        return tables | {"token": _digests(self.kms.directory / "hsm" / "tokens")}


def _digests(folder: Path) -> set[tuple[str, str]]:
    """The files of keys; SoftHSM writes the token's own at each login."""
    files = [file for file in folder.rglob("*.object") if file.name != "token.object"]
    return {(str(file), hashlib.sha256(file.read_bytes()).hexdigest()) for file in files}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    running = RunningKms(tmp_path_factory.mktemp("dry") / "kms")
    running.start()
    yield World(running)
    running.close()


@pytest.mark.parametrize(("action", "parameters"), CASES)
def test_a_dry_run_changes_nothing(world: World, action: str, parameters: dict[str, str]) -> None:
    before = world.state()
    answer = refusal(world.kms, action, **world.fill(parameters), DryRun="true")
    assert told(answer) == (400, "DryRunOperationError")
    assert world.state() == before


def test_no_action_that_changes_something_was_left_out() -> None:
    need_more = {"CreateKeyVersion", "ImportKeyMaterial", "UpdateCertificateStatus"}
    writing = {name for name, action in ACTIONS.items() if action.is_write}
    assert writing - {action for action, _ in CASES} == need_more
