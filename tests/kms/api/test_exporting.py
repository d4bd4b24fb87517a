# SPDX-License-Identifier: Apache-2.0
"""Data keys for whoever has a private key and no KMS, and ciphertexts that change their CMK."""

import base64

import pytest
from asn1crypto import keys
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sidecar.kms.service import sm2
from tests.fixtures.kms import RunningKms
from tests.kms.api.pairs import b64, flipped, make_pair
from tests.kms.refusals import last_record, refusal, told

DEVICE = rsa.generate_private_key(65537, 2048)
DER = DEVICE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
SM2_PRIVATE, SM2_PUBLIC = sm2.generate()
WRAPPING = {
    "PublicKeyBlob": b64(DER),
    "WrappingKeySpec": "RSA_2048",
    "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
}
INVALID = (400, "InvalidParameter")


def spki(n: int, e: int) -> str:
    """A public key of these numbers, which need not make one."""
    key = keys.RSAPublicKey({"modulus": n, "public_exponent": e})
    told = {"algorithm": {"algorithm": "rsa", "parameters": None}, "public_key": key}
    return b64(keys.PublicKeyInfo(told).dump())


N = DEVICE.public_key().public_numbers().n


def opened(exported: str, hashing: type[hashes.HashAlgorithm] = hashes.SHA256) -> bytes:
    scheme = padding.OAEP(padding.MGF1(hashing()), hashing(), None)
    return DEVICE.decrypt(base64.b64decode(exported), scheme)


def test_a_data_key_is_generated_for_both_at_once(kms: RunningKms) -> None:
    key_id = kms.make_key()
    context = {"EncryptionContext": '{"device":"1"}'}
    made = kms.call("GenerateAndExportDataKey", KeyId=key_id, **context, **WRAPPING)
    assert "Plaintext" not in made
    plaintext = kms.call("Decrypt", CiphertextBlob=made["CiphertextBlob"], **context)["Plaintext"]
    assert opened(made["ExportedDataKey"]) == base64.b64decode(plaintext)
    assert len(base64.b64decode(plaintext)) == 32


def test_a_data_key_is_exported_later(kms: RunningKms) -> None:
    key_id = kms.make_key()
    made = kms.call("GenerateDataKey", KeyId=key_id, KeySpec="AES_128")
    asked = WRAPPING | {"WrappingAlgorithm": "RSAES_OAEP_SHA_1"}
    told = kms.call("ExportDataKey", CiphertextBlob=made["CiphertextBlob"], **asked)
    data_key = base64.b64decode(made["Plaintext"])
    assert opened(told["ExportedDataKey"], hashes.SHA1) == data_key
    assert (told["KeyId"], told["KeyVersionId"]) == (key_id, made["KeyVersionId"])
    for_sm2 = {
        "PublicKeyBlob": b64(SM2_PUBLIC),
        "WrappingKeySpec": "EC_SM2",
        "WrappingAlgorithm": "SM2PKE",
    }
    told = kms.call("ExportDataKey", CiphertextBlob=made["CiphertextBlob"], **for_sm2)
    exported = base64.b64decode(told["ExportedDataKey"])
    assert sm2.decrypt(SM2_PRIVATE, exported) == data_key


@pytest.mark.parametrize(
    "wrong",
    [
        {"PublicKeyBlob": b64(b"no key")},
        {"PublicKeyBlob": b64(SM2_PUBLIC)},
        {"PublicKeyBlob": spki(N, 1)},
        {"PublicKeyBlob": spki(N, 65538)},
        {"PublicKeyBlob": spki(N, N + 2)},
        {"PublicKeyBlob": spki(N - 1, 65537)},
        {"WrappingKeySpec": "EC_SM2"},
        {"WrappingKeySpec": "RSA_1024"},
        {"WrappingAlgorithm": "SM2PKE"},
        {"WrappingAlgorithm": "RSAES_PKCS1_V1_5"},
    ],
    ids=str,
)
def test_a_wrapping_that_does_not_fit_is_refused(kms: RunningKms, wrong: dict[str, str]) -> None:
    asked = {"KeyId": kms.make_key(), **WRAPPING, **wrong}
    assert told(refusal(kms, "GenerateAndExportDataKey", **asked)) == INVALID


def test_a_data_key_that_is_too_long_for_the_wrapping_is_refused(kms: RunningKms) -> None:
    asked = {"KeyId": kms.make_key(), **WRAPPING}
    kms.call("GenerateAndExportDataKey", **asked, NumberOfBytes="190")
    assert told(refusal(kms, "GenerateAndExportDataKey", **asked, NumberOfBytes="191")) == INVALID


def test_what_does_not_decrypt_is_not_exported(kms: RunningKms) -> None:
    made = kms.call("GenerateDataKey", KeyId=kms.make_key())
    bad = flipped(made["CiphertextBlob"])
    assert told(refusal(kms, "ExportDataKey", CiphertextBlob=bad, **WRAPPING)) == INVALID
    other = {"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": '{"a":"b"}'}
    assert told(refusal(kms, "ExportDataKey", **other, **WRAPPING)) == INVALID


def test_a_ciphertext_moves_from_one_cmk_and_context_to_another(kms: RunningKms) -> None:
    old, new = kms.make_key(), kms.make_key("alias/test-re-encrypt")
    made = kms.call("GenerateDataKey", KeyId=old, EncryptionContext='{"a":"1"}')
    asked = {"CiphertextBlob": made["CiphertextBlob"], "DestinationKeyId": "alias/test-re-encrypt"}
    contexts = {
        "SourceEncryptionContext": '{"a":"1"}',
        "DestinationEncryptionContext": '{"b":"2"}',
    }
    moved = kms.call("ReEncrypt", **asked, **contexts)
    assert moved["KeyId"] == new
    assert "Plaintext" not in moved
    back = {"CiphertextBlob": moved["CiphertextBlob"], "EncryptionContext": '{"b":"2"}'}
    assert kms.call("Decrypt", **back)["Plaintext"] == made["Plaintext"]
    wrong = contexts | {"SourceEncryptionContext": '{"a":"2"}'}
    assert told(refusal(kms, "ReEncrypt", **asked, **wrong)) == INVALID
    bad = asked | {"CiphertextBlob": flipped(made["CiphertextBlob"])}
    assert told(refusal(kms, "ReEncrypt", **bad, **contexts)) == INVALID


def test_what_was_encrypted_to_a_pair_moves_under_a_cmk(kms: RunningKms) -> None:
    pair = make_pair(kms, "RSA_2048", "ENCRYPT/DECRYPT")
    asked = {**pair.named, "Algorithm": "RSAES_OAEP_SHA_256"}
    sealed = kms.call("AsymmetricEncrypt", **asked, Plaintext=b64(b"a data key"))
    source = {
        "CiphertextBlob": sealed["CiphertextBlob"],
        "SourceKeyId": pair.key_id,
        "SourceKeyVersionId": pair.version,
        "SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_256",
    }
    destination = {"DestinationKeyId": kms.make_key()}
    moved = kms.call("ReEncrypt", **source, **destination)
    opened = kms.call("Decrypt", CiphertextBlob=moved["CiphertextBlob"])
    assert opened["Plaintext"] == b64(b"a data key")
    assert last_record(kms)["eventName"] == "Decrypt"
    for name, code in (
        ("SourceKeyVersionId", "MissingParameter"),
        ("SourceEncryptionAlgorithm", "MissingParameter"),
    ):
        less = {key: value for key, value in source.items() if key != name}
        assert told(refusal(kms, "ReEncrypt", **less, **destination)) == (400, code)
    for name in ("SourceKeyVersionId", "SourceEncryptionAlgorithm"):
        alone = {"CiphertextBlob": moved["CiphertextBlob"], name: source[name]}
        answer = refusal(kms, "ReEncrypt", **alone, **destination)
        assert told(answer) == (400, "MissingParameter")
    wrong = source | {"SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_1"}
    assert told(refusal(kms, "ReEncrypt", **wrong, **destination)) == INVALID
    to_pair = {"DestinationKeyId": pair.key_id}
    assert told(refusal(kms, "ReEncrypt", **source, **to_pair)) == (400, "UnsupportedOperation")


def test_both_keys_must_be_there_and_enabled(kms: RunningKms) -> None:
    old, new = kms.make_key(), kms.make_key()
    blob = kms.call("GenerateDataKey", KeyId=old)["CiphertextBlob"]
    asked = {"CiphertextBlob": blob, "DestinationKeyId": new}
    nowhere = asked | {"DestinationKeyId": "00000000-0000-4000-8000-000000000000"}
    assert told(refusal(kms, "ReEncrypt", **nowhere)) == (404, "Forbidden.KeyNotFound")
    for key_id in (old, new):
        kms.call("DisableKey", KeyId=key_id)
        assert told(refusal(kms, "ReEncrypt", **asked)) == (409, "Rejected.Disabled")
        kms.call("EnableKey", KeyId=key_id)
    kms.call("ReEncrypt", **asked)
