# SPDX-License-Identifier: Apache-2.0
"""Nothing secret ever stands in a record: canaries in every parameter of every action."""

import base64
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from sidecar.kms.api.parameters import COMMON
from sidecar.kms.api.products import KMS, PRODUCTS, RAM, Product
from sidecar.kms.audit.chain import read
from sidecar.kms.store import Database
from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.raw import Connection, Reply, signed, wire

RECORDED = {
    # names of CMKs, aliases, versions, certificates and what they are for
    *("KeyId", "SourceKeyId", "DestinationKeyId", "ProtectedResourceArn", "ResourceId"),
    *("AliasName", "KeyVersionId", "SourceKeyVersionId", "CertificateId", "ResourceType"),
    *("KeySpec", "KeyUsage", "Origin", "ProtectionLevel", "Algorithm", "MessageType", "Status"),
    *("SourceEncryptionAlgorithm", "WrappingAlgorithm", "WrappingKeySpec", "NumberOfBytes"),
    *("ExportablePrivateKey", "Subject", "SubjectAlternativeNames", "TagKey", "TagKeys", "All"),
    # contexts and public keys: the vendor's reference calls the first no place for secrets
    *("EncryptionContext", "SourceEncryptionContext", "DestinationEncryptionContext"),
    "PublicKeyBlob",
    # times, sizes, switches
    *(
        "EnableAutomaticRotation",
        "RotationInterval",
        "PendingWindowInDays",
        "KeyMaterialExpireUnix",
    ),
    *("EnableDeletionProtection", "PageNumber", "PageSize", "Marker", "MaxItems", "DryRun"),
    # names of users, groups, roles and policies; never their secrets or documents
    *("UserName", "NewUserName", "GroupName", "NewGroupName", "RoleName", "RoleArn", "PolicyName"),
    *("PolicyType", "VersionId", "SetAsDefault", "RotateStrategy", "CascadingDelete"),
    "DeleteVersions",
    *("UserAccessKeyId", "MaxSessionDuration", "NewMaxSessionDuration", "RoleSessionName"),
    *("DurationSeconds", "OIDCProviderArn"),
    # what was asked of the trail
    *("StartTime", "EndTime", "Direction", "MaxResults", "LookupAttribute"),
}
"""Every parameter whose text is recorded. To add one is to say that it holds no secret."""


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKms]:
    running = RunningKms(tmp_path_factory.mktemp("canary") / "kms")
    configuration = running.directory / "kms.yaml"
    exports = "audit: {exports: [{name: disk, folder: audit}]}\n"
    configuration.write_text(configuration.read_text() + exports)
    running.start()
    yield running
    running.close()


def records(core: RunningKms) -> str:
    """The text of all records, without what a reader of JSON would have to undo."""
    database = Database.sqlite(core.directory / "kms.db")
    with database.snapshot() as connection:
        text = "\n".join(link.record for link in read(connection))
    database.close()
    return text.replace("\\", "")


class Caller:
    """Sends what no SDK would, on one connection."""

    def __init__(self, core: RunningKms) -> None:
        self._core = core
        self._connection = Connection(core)

    def send(self, product: Product, action: str, **parameters: str) -> Reply:
        request = signed(
            action, *parameters.items(), key=self._core.access_key, version=product.version
        )
        self._connection.send(wire(request))
        return self._connection.read()

    def call(self, product: Product, action: str, **parameters: str) -> dict[str, Any]:
        reply = self.send(product, action, **parameters)
        assert reply.status == 200, reply.body
        return reply.json

    def close(self) -> None:
        self._connection.__exit__()


@pytest.fixture
def caller(core: RunningKms) -> Iterator[Caller]:
    caller = Caller(core)
    yield caller
    caller.close()


def test_only_what_was_thought_about_is_recorded() -> None:
    actions = [action for product in PRODUCTS.values() for action in product.actions.values()]
    recorded = {p.name for action in actions for p in action.parameters if p.audited}
    assert recorded - RECORDED == set()


def test_no_parameter_of_any_action_brings_its_text_into_the_trail(
    core: RunningKms, caller: Caller
) -> None:
    """One call for each, so that nothing hides behind the refusal of another."""
    canary = f"canary{secrets.token_hex(8)}"
    blob = base64.b64encode(canary.encode() * 3).decode()
    calls = 0
    for product in PRODUCTS.values():
        for action in product.actions.values():
            for parameter in action.parameters:
                if parameter.audited:
                    continue
                name = f"{parameter.name}.1.Value" if parameter.is_repeated else parameter.name
                for text in (canary, blob, json.dumps({canary: canary})):
                    assert caller.send(product, action.name, **{name: text}).status in range(
                        200, 500
                    )
                    calls += 1
    assert calls > 200
    found = records(core)
    assert found.count("eventName") > calls
    assert canary not in found
    assert blob not in found


def test_unknown_and_common_parameters_stay_out_of_it(core: RunningKms, caller: Caller) -> None:
    canary = f"canary{secrets.token_hex(8)}"
    caller.send(KMS, "ListKeys", Password=canary)
    caller.send(KMS, "ListKeys", **{f"{canary} ": "1"})
    for name in sorted(COMMON - {"Action", "Version"}):
        caller.send(KMS, "ListKeys", **{name: canary})
    caller.send(KMS, f"{canary}.Action")
    assert canary not in records(core)


def test_what_is_answered_stays_out_of_it(core: RunningKms, caller: Caller) -> None:
    """Plaintexts, ciphertexts, data keys, signatures, secrets of access keys."""
    key_id = core.make_key()
    secret = secrets.token_bytes(24)
    plaintext = base64.b64encode(secret).decode()
    sealed = caller.call(KMS, "Encrypt", KeyId=key_id, Plaintext=plaintext)
    opened = caller.call(KMS, "Decrypt", CiphertextBlob=sealed["CiphertextBlob"])
    made = caller.call(KMS, "GenerateDataKey", KeyId=key_id)
    user = f"user{secrets.token_hex(4)}"
    caller.call(RAM, "CreateUser", UserName=user)
    access_key = caller.call(RAM, "CreateAccessKey", UserName=user)["AccessKey"]
    pair = caller.call(KMS, "CreateKey", KeySpec="EC_P256", KeyUsage="SIGN/VERIFY")["KeyMetadata"]
    version = caller.call(KMS, "ListKeyVersions", KeyId=pair["KeyId"])["KeyVersions"]["KeyVersion"]
    signature = caller.call(
        *(KMS, "AsymmetricSign"),
        KeyId=pair["KeyId"],
        KeyVersionId=version[0]["KeyVersionId"],
        Algorithm="ECDSA_SHA_256",
        Digest=base64.b64encode(bytes(32)).decode(),
    )
    found = records(core)
    assert opened["Plaintext"] == plaintext
    for answered in (
        *(plaintext, secret.hex(), made["Plaintext"], signature["Value"]),
        *(sealed["CiphertextBlob"], made["CiphertextBlob"]),
        access_key["AccessKeySecret"],
    ):
        assert answered not in found
    assert access_key["AccessKeyId"] in found or user in found


def test_an_access_key_id_that_nobody_has_stays_out_of_it(core: RunningKms) -> None:
    stranger = AccessKey("LTAI-canary-claimed-id", "secret")
    request = signed("ListKeys", key=stranger)
    with Connection(core) as connection:
        connection.send(wire(request))
        assert connection.read().status == 404
    found = records(core)
    assert stranger.id not in found  # an id that nobody has is a text that anybody may send


def test_exports_hold_what_the_trail_holds_and_no_more(core: RunningKms) -> None:
    core.stop()
    exported = "".join(p.read_text() for p in sorted((core.directory / "audit").iterdir()))
    told = {json.loads(line)["record"]["eventId"] for line in exported.splitlines()}
    assert len(told) == len(records(core).splitlines())
    assert "canary" not in exported
