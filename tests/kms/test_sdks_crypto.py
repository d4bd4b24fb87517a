# SPDX-License-Identifier: Apache-2.0
"""The vendor's SDKs work unchanged with pairs, MACs, imports and exports, however they sign."""

import base64
import hashlib
import secrets

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from tests.fixtures.kms import RunningKms
from tests.kms.api.pairs import Pair, b64, make_cmk, make_pair
from tests.kms.sdks import SDKS, Sdk, SdkRefused

# Warnings of the SDKs' own code.
pytestmark = [
    pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning"),
]

DIGEST = b64(hashlib.sha256(b"a message").digest())
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
DEVICE = rsa.generate_private_key(65537, 2048)


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest, kms: RunningKms) -> Sdk:
    return SDKS[request.param](kms, kms.access_key)


@pytest.fixture(params=[name for name in SDKS if not name.startswith("legacy")])
def new_sdk(request: pytest.FixtureRequest, kms: RunningKms) -> Sdk:
    return SDKS[request.param](kms, kms.access_key)


@pytest.fixture(scope="module", params=["EC_P256", "EC_SM2"])
def signer(request: pytest.FixtureRequest, kms: RunningKms) -> tuple[Pair, str]:
    algorithm = {"EC_P256": "ECDSA_SHA_256", "EC_SM2": "SM2DSA"}[request.param]
    return make_pair(kms, request.param, "SIGN/VERIFY"), algorithm


@pytest.fixture(scope="module")
def opener(kms: RunningKms) -> Pair:
    return make_pair(kms, "RSA_2048", "ENCRYPT/DECRYPT")


def test_what_is_signed_verifies(sdk: Sdk, signer: tuple[Pair, str]) -> None:
    pair, algorithm = signer
    asked = {**pair.named, "Algorithm": algorithm, "Digest": DIGEST}
    value = sdk.call("AsymmetricSign", **asked)["Value"]
    assert sdk.call("AsymmetricVerify", **asked, Value=value)["Value"] is True
    other = {**asked, "Digest": b64(bytes(32))}
    assert sdk.call("AsymmetricVerify", **other, Value=value)["Value"] is False
    assert sdk.call("GetPublicKey", **pair.named)["PublicKey"].startswith("-----BEGIN PUBLIC KEY")


def test_what_is_encrypted_to_a_pair_is_decrypted(sdk: Sdk, opener: Pair) -> None:
    asked = {**opener.named, "Algorithm": "RSAES_OAEP_SHA_256"}
    plaintext = b64("grüße & more=1".encode())
    sealed = sdk.call("AsymmetricEncrypt", **asked, Plaintext=plaintext)["CiphertextBlob"]
    assert sdk.call("AsymmetricDecrypt", **asked, CiphertextBlob=sealed)["Plaintext"] == plaintext
    with pytest.raises(SdkRefused) as caught:
        sdk.call("AsymmetricDecrypt", **asked, CiphertextBlob=b64(bytes(256)))
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameter")


def test_a_mac_verifies(new_sdk: Sdk, kms: RunningKms) -> None:
    key_id = make_cmk(kms, KeySpec="HMAC_SHA_256")["KeyId"]
    asked = {"KeyId": key_id, "Algorithm": "HMAC_SHA_256", "Message": b64(b"a message")}
    mac = new_sdk.call("GenerateMac", **asked)["Mac"]
    assert new_sdk.call("VerifyMac", **asked, Mac=mac)["Value"] is True
    assert new_sdk.call("VerifyMac", **asked, Mac=b64(bytes(32)))["Value"] is False


def test_a_ciphertext_moves_to_another_cmk(sdk: Sdk, kms: RunningKms) -> None:
    source, destination = kms.make_key(), kms.make_key()
    made = sdk.call("GenerateDataKey", KeyId=source, EncryptionContext={"a": "é"})
    moved = sdk.call(
        "ReEncrypt",
        CiphertextBlob=made["CiphertextBlob"],
        SourceEncryptionContext={"a": "é"},
        DestinationKeyId=destination,
        DestinationEncryptionContext={"b": "&="},
    )
    assert moved["KeyId"] == destination
    opened = sdk.call(
        "Decrypt", CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "&="}
    )
    assert opened["Plaintext"] == made["Plaintext"]


def test_data_keys_are_exported(sdk: Sdk, kms: RunningKms) -> None:
    der = DEVICE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    wrapping = {
        "PublicKeyBlob": b64(der),
        "WrappingKeySpec": "RSA_2048",
        "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
    }
    made = sdk.call("GenerateAndExportDataKey", KeyId=kms.make_key(), **wrapping)
    again = sdk.call("ExportDataKey", CiphertextBlob=made["CiphertextBlob"], **wrapping)
    one, other = (
        DEVICE.decrypt(base64.b64decode(answer["ExportedDataKey"]), OAEP)
        for answer in (made, again)
    )
    assert one == other
    assert len(one) == 32


def test_material_is_imported_deleted_and_imported_again(sdk: Sdk) -> None:
    material = secrets.token_bytes(32)
    key_id = sdk.call("CreateKey", Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    asked = {"WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": "RSAES_OAEP_SHA_256"}
    pair = sdk.call("GetParametersForImport", KeyId=key_id, **asked)
    public = load_der_public_key(base64.b64decode(pair["PublicKey"]))
    assert isinstance(public, rsa.RSAPublicKey)
    brought = {
        "KeyId": key_id,
        "ImportToken": pair["ImportToken"],
        "EncryptedKeyMaterial": b64(public.encrypt(material, OAEP)),
        "KeyMaterialExpireUnix": 0,
    }
    sdk.call("ImportKeyMaterial", **brought)
    made = sdk.call("GenerateDataKey", KeyId=key_id)
    sdk.call("DeleteKeyMaterial", KeyId=key_id)
    with pytest.raises(SdkRefused) as caught:
        sdk.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert (caught.value.status, caught.value.code) == (409, "Rejected.PendingImport")
    sdk.call("ImportKeyMaterial", **brought)
    opened = sdk.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == made["Plaintext"]


def test_a_spec_that_the_token_lacks_is_refused_at_its_level(sdk: Sdk) -> None:
    with pytest.raises(SdkRefused) as caught:
        sdk.call("CreateKey", KeySpec="EC_SM2", ProtectionLevel="HSM")
    assert (caught.value.status, caught.value.code) == (400, "Unsupported.ProtectionLevel")
    metadata = sdk.call("CreateKey", KeySpec="EC_SM2")["KeyMetadata"]
    assert (metadata["ProtectionLevel"], metadata["KeyUsage"]) == ("SOFTWARE", "SIGN/VERIFY")
