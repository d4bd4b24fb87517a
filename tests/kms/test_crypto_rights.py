# SPDX-License-Identifier: Apache-2.0
"""Who may do what with pairs, MACs, imports and exports: the right of each action, on each key."""

import json
from collections.abc import Iterator

import pytest

from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.api.pairs import Pair, b64, make_cmk, make_pair
from tests.kms.refusals import refusal, told

POLICY = """
policies:
  team:
    Version: "1"
    Statement:
      - {Effect: Allow, Action: "kms:*", Resource: "*"}
      - Effect: Deny
        Action: ["kms:ReEncryptTo"]
        Resource: "*"
        Condition: {StringEquals: {"kms:tag/team": "no-target"}}
      - Effect: Deny
        Action: ["kms:ReEncryptFrom"]
        Resource: "*"
        Condition: {StringEquals: {"kms:tag/team": "no-source"}}
      - Effect: Deny
        Action: ["kms:AsymmetricDecrypt", "kms:AsymmetricEncrypt"]
        Resource: "*"
        Condition: {StringNotEquals: {"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}}
      - Effect: Deny
        Action: "kms:ReEncryptFrom"
        Resource: "*"
        Condition: {StringEquals: {"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_1"}}
"""
FORBIDDEN = (403, "Forbidden.NoPermission")


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKms]:
    running = RunningKms(tmp_path_factory.mktemp("rights") / "kms")
    configuration = running.directory / "kms.yaml"
    text = configuration.read_text().replace("\npolicies:\n", POLICY)
    configuration.write_text(text.replace("AliyunKMSFullAccess", "team"))
    running.start()
    yield running
    running.close()


def tagged(kms: RunningKms, team: str) -> str:
    key_id: str = make_cmk(kms, Tags=f'[{{"TagKey":"team","TagValue":"{team}"}}]')["KeyId"]
    return key_id


def test_re_encrypting_asks_for_one_right_on_each_key(kms: RunningKms) -> None:
    source, target, free = tagged(kms, "no-target"), tagged(kms, "no-source"), kms.make_key()
    from_source = kms.call("GenerateDataKey", KeyId=source)["CiphertextBlob"]
    from_target = kms.call("GenerateDataKey", KeyId=target)["CiphertextBlob"]
    kms.call("ReEncrypt", CiphertextBlob=from_source, DestinationKeyId=target)
    to_source = {"CiphertextBlob": from_source, "DestinationKeyId": source}
    assert told(refusal(kms, "ReEncrypt", **to_source)) == FORBIDDEN
    from_there = {"CiphertextBlob": from_target, "DestinationKeyId": free}
    answer = refusal(kms, "ReEncrypt", **from_there)
    assert told(answer) == FORBIDDEN
    assert answer["AccessDeniedDetail"]["AuthAction"] == "kms:ReEncryptFrom"


def test_a_policy_may_ask_for_the_algorithm(kms: RunningKms) -> None:
    pair = make_pair(kms, "RSA_2048", "ENCRYPT/DECRYPT")
    plaintext = {"Plaintext": b64(b"hi")}
    good = {**pair.named, "Algorithm": "RSAES_OAEP_SHA_256"}
    sealed = kms.call("AsymmetricEncrypt", **good, **plaintext)["CiphertextBlob"]
    kms.call("AsymmetricDecrypt", **good, CiphertextBlob=sealed)
    bad = {**pair.named, "Algorithm": "RSAES_OAEP_SHA_1"}
    assert told(refusal(kms, "AsymmetricEncrypt", **bad, **plaintext)) == FORBIDDEN
    assert told(refusal(kms, "AsymmetricDecrypt", **bad, CiphertextBlob=sealed)) == FORBIDDEN
    source = {"SourceKeyId": pair.key_id, "SourceKeyVersionId": pair.version}
    moved = {"CiphertextBlob": sealed, "DestinationKeyId": kms.make_key(), **source}
    kms.call("ReEncrypt", **moved, SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256")
    answer = refusal(kms, "ReEncrypt", **moved, SourceEncryptionAlgorithm="RSAES_OAEP_SHA_1")
    assert told(answer) == FORBIDDEN


@pytest.fixture(scope="module")
def pair(kms: RunningKms) -> Pair:
    return make_pair(kms, "EC_P256", "SIGN/VERIFY")


DIGEST = {"Algorithm": "ECDSA_SHA_256", "Digest": b64(bytes(32))}
WRAPPING = {"WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": "RSAES_OAEP_SHA_1"}


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("AsymmetricSign", DIGEST),
        ("AsymmetricVerify", DIGEST | {"Value": b64(b"x")}),
        ("AsymmetricEncrypt", {"Algorithm": "SM2PKE", "Plaintext": b64(b"x")}),
        ("AsymmetricDecrypt", {"Algorithm": "SM2PKE", "CiphertextBlob": b64(b"x")}),
        ("GetPublicKey", {}),
        ("GenerateMac", {"Algorithm": "HMAC_SM3", "Message": b64(b"x")}),
        ("VerifyMac", {"Algorithm": "HMAC_SM3", "Message": b64(b"x"), "Mac": b64(b"x")}),
        ("GenerateAndExportDataKey", WRAPPING | {"PublicKeyBlob": b64(b"x")}),
        ("GetParametersForImport", WRAPPING),
        (
            "ImportKeyMaterial",
            {
                "EncryptedKeyMaterial": b64(b"x"),
                "ImportToken": "@token",
                "KeyMaterialExpireUnix": "0",
            },
        ),
        ("DeleteKeyMaterial", {}),
    ],
)
def test_whoever_has_no_right_learns_nothing_of_the_key(
    kms: RunningKms, pair: Pair, action: str, more: dict[str, str]
) -> None:
    """A sidecar's access key does none of this: not even what is wrong with the call is told."""
    stored = json.loads((kms.directory / "sidecar.json").read_text())
    key = AccessKey(stored["access_key_id"], stored["access_key_secret"])
    token = b64(pair.version.encode())
    filled = {name: text.replace("@token", token) for name, text in more.items()}
    has_version = action.startswith("Asymmetric") or action == "GetPublicKey"
    named = pair.named if has_version else {"KeyId": pair.key_id}
    with pytest.raises(Refusal) as caught:
        KmsClient(kms.endpoint, key).call(action, named | filled)
    assert told(caught.value.answer) == FORBIDDEN
    assert caught.value.answer["AccessDeniedDetail"]["AuthAction"] == f"kms:{action}"
