# SPDX-License-Identifier: Apache-2.0
"""A core that starts does what came due while it was away, and proves itself afterwards."""

import base64
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sidecar.cli.kms_client import Refusal
from sidecar.hsm import HsmThread, Token
from sidecar.kms.config import load_kms_config
from tests.fixtures.kms import RunningKms
from tests.kms.refusals import refusal, told

SECONDS = 20
DIGEST = base64.b64encode(bytes(32)).decode()


def set_back(directory: Path, column: str, key_id: str) -> None:
    """Let what is due at `column` be long due."""
    with closing(sqlite3.connect(directory / "kms.db")) as database:
        database.execute(f"UPDATE cmk SET {column} = 1 WHERE key_id = ?", [key_id])
        database.commit()


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def is_gone(kms: RunningKms, key_id: str) -> bool:
    try:
        kms.call("DescribeKey", KeyId=key_id)
    except Refusal as refused:
        return refused.answer["Code"] == "Forbidden.KeyNotFound"
    return False


def held(kms: RunningKms) -> set[str]:
    with HsmThread(load_kms_config(kms.directory / "kms.yaml").token) as hsm:
        return {key_id.decode("latin-1") for key_id in hsm.run(Token.list_key_ids)}


def test_a_key_whose_time_has_come_is_gone_with_its_aliases_and_its_material(
    make_kms: Callable[[], RunningKms],
) -> None:
    kms = make_kms()
    kms.start()
    kept, gone = kms.make_key("alias/kept"), kms.make_key("alias/gone")
    sealed = {key: kms.call("GenerateDataKey", KeyId=key)["CiphertextBlob"] for key in (kept, gone)}
    version = kms.call("DescribeKey", KeyId=gone)["KeyMetadata"]["PrimaryKeyVersion"]
    kms.call("ScheduleKeyDeletion", KeyId=gone, PendingWindowInDays="7")
    kms.stop()
    assert version in held(kms)
    set_back(kms.directory, "delete_at", gone)
    kms.start()
    wait_until(lambda: is_gone(kms, gone))
    answer = refusal(kms, "DescribeKey", KeyId="alias/gone")
    assert told(answer) == (404, "Forbidden.AliasNotFound")
    assert told(refusal(kms, "Decrypt", CiphertextBlob=sealed[gone])) == (400, "InvalidParameter")
    answer = refusal(kms, "CancelKeyDeletion", KeyId=gone)
    assert told(answer) == (404, "Forbidden.KeyNotFound")
    kms.call("CreateAlias", KeyId=kept, AliasName="alias/gone")
    kms.stop()
    assert version not in held(kms)
    kms.start()
    kms.call("Decrypt", CiphertextBlob=sealed[kept])
    assert kms.call("ListKeys")["TotalCount"] == 1


def test_a_rotation_that_came_due_changes_what_encrypts_and_not_what_decrypts(
    make_kms: Callable[[], RunningKms],
) -> None:
    kms = make_kms()
    kms.start()
    metadata = kms.call("CreateKey", EnableAutomaticRotation="true", RotationInterval="7d")
    key_id = metadata["KeyMetadata"]["KeyId"]
    old = kms.call("GenerateDataKey", KeyId=key_id)
    kms.stop()
    set_back(kms.directory, "rotated_at", key_id)
    kms.start()
    wait_until(lambda: bool(kms.call("ListKeyVersions", KeyId=key_id)["TotalCount"] == 2))
    new = kms.call("GenerateDataKey", KeyId=key_id)
    assert new["KeyVersionId"] != old["KeyVersionId"]
    for made in (old, new):
        opened = kms.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
        assert opened["Plaintext"] == made["Plaintext"]
        assert opened["KeyVersionId"] == made["KeyVersionId"]
    versions = kms.call("ListKeyVersions", KeyId=key_id)["KeyVersions"]["KeyVersion"]
    assert {one["KeyVersionId"] for one in versions} == {new["KeyVersionId"], old["KeyVersionId"]}
    assert kms.call("DescribeKey", KeyId=key_id)["KeyMetadata"]["AutomaticRotation"] == "Enabled"


def test_a_pair_gets_a_new_version_a_week_later_and_the_old_one_still_verifies(
    make_kms: Callable[[], RunningKms],
) -> None:
    kms = make_kms()
    configuration = kms.directory / "kms.yaml"
    configuration.write_text(configuration.read_text() + "quotas: {versions_per_key: 2}\n")
    kms.start()
    key_id = kms.call("CreateKey", KeySpec="EC_P256")["KeyMetadata"]["KeyId"]
    (old,) = kms.call("ListKeyVersions", KeyId=key_id)["KeyVersions"]["KeyVersion"]
    about = {"KeyId": key_id, "Algorithm": "ECDSA_SHA_256", "Digest": DIGEST}
    by_old = {**about, "KeyVersionId": old["KeyVersionId"]}
    signature = kms.call("AsymmetricSign", **by_old)["Value"]
    kms.stop()
    set_back(kms.directory, "rotated_at", key_id)
    kms.start()
    new = kms.call("CreateKeyVersion", KeyId=key_id)["KeyVersion"]
    by_new = {**about, "KeyVersionId": new["KeyVersionId"]}
    assert kms.call("AsymmetricVerify", **by_old, Value=signature)["Value"] is True
    assert kms.call("AsymmetricVerify", **by_new, Value=signature)["Value"] is False
    metadata = kms.call("DescribeKey", KeyId=key_id)["KeyMetadata"]
    assert metadata["PrimaryKeyVersion"] == new["KeyVersionId"]
    assert told(refusal(kms, "CreateKeyVersion", KeyId=key_id)) == (400, "Rejected.LimitExceeded")
    kms.stop()
    set_back(kms.directory, "rotated_at", key_id)
    kms.start()
    assert told(refusal(kms, "CreateKeyVersion", KeyId=key_id)) == (400, "Rejected.LimitExceeded")
    assert kms.call("ListKeyVersions", KeyId=key_id)["TotalCount"] == 2
