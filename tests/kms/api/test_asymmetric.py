# SPDX-License-Identifier: Apache-2.0
"""Pairs, as callers use them: what verifies, what opens, and what is refused and how."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.fixtures.kms import RunningKms
from tests.kms.api.pairs import Pair, b64, flipped, make_pair
from tests.kms.refusals import last_record, refusal, told

SHA_256 = hashes.SHA256()
DIGEST = hashlib.sha256(b"a message").digest()
SIGN, ENCRYPT = "SIGN/VERIFY", "ENCRYPT/DECRYPT"

INVALID = (400, "InvalidParameter")
UNSUPPORTED = (400, "UnsupportedOperation")


@pytest.fixture(scope="module")
def signer(kms: RunningKms) -> Pair:
    return make_pair(kms, "RSA_2048", SIGN)


@pytest.fixture(scope="module")
def opener(kms: RunningKms) -> Pair:
    return make_pair(kms, "RSA_2048", ENCRYPT)


def sign(kms: RunningKms, pair: Pair, algorithm: str) -> str:
    answer = kms.call("AsymmetricSign", **pair.named, Algorithm=algorithm, Digest=b64(DIGEST))
    assert (answer["KeyId"], answer["KeyVersionId"]) == pair
    value: str = answer["Value"]
    return value


def verifies(kms: RunningKms, pair: Pair, algorithm: str, digest: bytes, value: str) -> bool:
    asked = {"Algorithm": algorithm, "Digest": b64(digest), "Value": value}
    answer = kms.call("AsymmetricVerify", **pair.named, **asked)
    assert answer["Value"] in (True, False)
    is_good: bool = answer["Value"]
    return is_good


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [
        ("RSA_2048", "RSA_PSS_SHA_256"),
        ("RSA_2048", "RSA_PKCS1_SHA_256"),
        ("EC_P256", "ECDSA_SHA_256"),
        ("EC_P256K", "ECDSA_SHA_256"),
        ("EC_SM2", "SM2DSA"),
    ],
)
def test_a_signature_verifies_and_no_other_does(kms: RunningKms, spec: str, algorithm: str) -> None:
    pair = make_pair(kms, spec, SIGN)
    value = sign(kms, pair, algorithm)
    assert verifies(kms, pair, algorithm, DIGEST, value)
    assert not verifies(kms, pair, algorithm, bytes(32), value)
    assert not verifies(kms, pair, algorithm, DIGEST, flipped(value))
    assert not verifies(kms, pair, algorithm, DIGEST, b64(b"no signature"))


def test_a_signature_verifies_with_the_public_key_that_is_told(
    kms: RunningKms, signer: Pair
) -> None:
    public = load_pem_public_key(kms.call("GetPublicKey", **signer.named)["PublicKey"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    value = base64.b64decode(sign(kms, signer, "RSA_PSS_SHA_256"))
    scheme = padding.PSS(padding.MGF1(SHA_256), padding.PSS.DIGEST_LENGTH)
    public.verify(value, DIGEST, scheme, Prehashed(SHA_256))
    curve = make_pair(kms, "EC_P256", SIGN)
    point = load_pem_public_key(kms.call("GetPublicKey", **curve.named)["PublicKey"].encode())
    assert isinstance(point, ec.EllipticCurvePublicKey)
    value = base64.b64decode(sign(kms, curve, "ECDSA_SHA_256"))
    point.verify(value, DIGEST, ec.ECDSA(Prehashed(SHA_256)))


@pytest.mark.parametrize(
    ("algorithm", "longest"), [("RSAES_OAEP_SHA_256", 190), ("RSAES_OAEP_SHA_1", 214)]
)
def test_what_is_encrypted_here_or_elsewhere_is_decrypted(
    kms: RunningKms, opener: Pair, algorithm: str, longest: int
) -> None:
    asked = {**opener.named, "Algorithm": algorithm}
    plaintext = b64(bytes(longest))
    sealed = kms.call("AsymmetricEncrypt", **asked, Plaintext=plaintext)["CiphertextBlob"]
    assert kms.call("AsymmetricDecrypt", **asked, CiphertextBlob=sealed)["Plaintext"] == plaintext
    pem = kms.call("GetPublicKey", **opener.named)["PublicKey"]
    public = load_pem_public_key(pem.encode())
    assert isinstance(public, rsa.RSAPublicKey)
    kind = SHA_256 if algorithm.endswith("256") else hashes.SHA1()
    sealed = b64(public.encrypt(b"hi", padding.OAEP(padding.MGF1(kind), kind, None)))
    opened = kms.call("AsymmetricDecrypt", **asked, CiphertextBlob=sealed)
    assert opened["Plaintext"] == b64(b"hi")
    assert (opened["KeyId"], opened["KeyVersionId"]) == opener
    too_long = refusal(kms, "AsymmetricEncrypt", **asked, Plaintext=b64(bytes(longest + 1)))
    assert told(too_long) == INVALID


def test_sm2_encrypts_up_to_what_its_library_takes(kms: RunningKms) -> None:
    pair = make_pair(kms, "EC_SM2", ENCRYPT)
    asked = {**pair.named, "Algorithm": "SM2PKE"}
    plaintext = b64(bytes(range(255)))
    sealed = kms.call("AsymmetricEncrypt", **asked, Plaintext=plaintext)["CiphertextBlob"]
    assert kms.call("AsymmetricDecrypt", **asked, CiphertextBlob=sealed)["Plaintext"] == plaintext
    assert told(refusal(kms, "AsymmetricDecrypt", **asked, CiphertextBlob=flipped(sealed))) == (
        INVALID
    )
    assert told(refusal(kms, "AsymmetricEncrypt", **asked, Plaintext=b64(bytes(256)))) == INVALID


@pytest.mark.parametrize("level", ["HSM", "SOFTWARE"])
@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"])
def test_bad_ciphertexts_are_refused_alike(kms: RunningKms, level: str, algorithm: str) -> None:
    """One answer, whatever is wrong: a wrong padding is an oracle where it can be told apart."""
    pair = make_pair(kms, "RSA_2048", ENCRYPT, ProtectionLevel=level)
    asked = {**pair.named, "Algorithm": algorithm}
    sealed = kms.call("AsymmetricEncrypt", **asked, Plaintext=b64(b"hi"))["CiphertextBlob"]
    answers = [
        refusal(kms, "AsymmetricDecrypt", **asked, CiphertextBlob=bad)
        for bad in (
            flipped(sealed),
            flipped(sealed, 0),
            b64(bytes(256)),
            b64(b"\xff" * 256),
            b64(b"short"),
            b64(bytes(257)),
        )
    ]
    assert {(*told(answer), answer["Message"]) for answer in answers} == {
        (*INVALID, 'The specified parameter "CiphertextBlob" is not valid.')
    }


def test_a_pair_has_one_use_and_its_own_algorithms(
    kms: RunningKms, signer: Pair, opener: Pair
) -> None:
    digest = {"Digest": b64(DIGEST)}
    for pair, algorithm in ((opener, "RSA_PSS_SHA_256"), (signer, "ECDSA_SHA_256")):
        refused = refusal(kms, "AsymmetricSign", **pair.named, Algorithm=algorithm, **digest)
        assert told(refused) == INVALID
    refused = refusal(
        kms,
        "AsymmetricDecrypt",
        **signer.named,
        Algorithm="RSAES_OAEP_SHA_256",
        CiphertextBlob=b64(bytes(256)),
    )
    assert told(refused) == INVALID


def test_the_two_worlds_of_keys_do_not_mix(kms: RunningKms, opener: Pair) -> None:
    aes = make_pair(kms, "Aliyun_AES_256", ENCRYPT)
    for pair in (aes,):
        assert told(refusal(kms, "GetPublicKey", **pair.named)) == UNSUPPORTED
        asked = {**pair.named, "Algorithm": "RSA_PSS_SHA_256", "Digest": b64(DIGEST)}
        assert told(refusal(kms, "AsymmetricSign", **asked)) == UNSUPPORTED
    for action in ("Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"):
        more = {"Plaintext": b64(b"hi")} if action == "Encrypt" else {}
        assert told(refusal(kms, action, KeyId=opener.key_id, **more)) == UNSUPPORTED
    blob = b64(opener.version.encode() + bytes(40))
    assert told(refusal(kms, "Decrypt", CiphertextBlob=blob)) == UNSUPPORTED


def test_a_version_of_another_cmk_is_none_of_this(kms: RunningKms, signer: Pair) -> None:
    other = make_pair(kms, "EC_P256", SIGN)
    mixed = Pair(signer.key_id, other.version)
    asked = {"Algorithm": "RSA_PSS_SHA_256", "Digest": b64(DIGEST)}
    assert told(refusal(kms, "AsymmetricSign", **mixed.named, **asked)) == INVALID
    assert told(refusal(kms, "GetPublicKey", **mixed.named)) == INVALID
    assert told(refusal(kms, "GetPublicKey", KeyId=signer.key_id)) == (400, "MissingParameter")


@pytest.mark.parametrize("size", [0, 20, 31, 33, 64])
def test_a_digest_of_another_length_is_refused(kms: RunningKms, signer: Pair, size: int) -> None:
    asked = {"Algorithm": "RSA_PKCS1_SHA_256", "Digest": b64(bytes(size))}
    code = told(refusal(kms, "AsymmetricSign", **signer.named, **asked))[1]
    assert code == ("InvalidParameter" if size else "MissingParameter")


def test_a_disabled_pair_does_nothing(kms: RunningKms) -> None:
    pair = make_pair(kms, "EC_P256", SIGN)
    value = sign(kms, pair, "ECDSA_SHA_256")
    kms.call("DisableKey", KeyId=pair.key_id)
    asked = {**pair.named, "Algorithm": "ECDSA_SHA_256", "Digest": b64(DIGEST)}
    for action, more in (("AsymmetricSign", {}), ("AsymmetricVerify", {"Value": value})):
        assert told(refusal(kms, action, **asked, **more)) == (409, "Rejected.Disabled")
    assert told(refusal(kms, "GetPublicKey", **pair.named)) == (409, "Rejected.Disabled")


def test_a_pair_of_another_account_is_refused_by_its_arn(kms: RunningKms, signer: Pair) -> None:
    foreign = f"acs:kms:{kms.region}:2000000000000002:key/{signer.key_id}"
    asked = {"KeyId": foreign, "KeyVersionId": signer.version}
    refused = refusal(
        kms, "AsymmetricSign", **asked, Algorithm="RSA_PSS_SHA_256", Digest=b64(DIGEST)
    )
    assert told(refused) == (403, "Forbidden.NoPermission")


def test_an_attestation_is_never_ignored(kms: RunningKms, opener: Pair) -> None:
    """Whoever sends one counts on an answer that only the enclave can read."""
    asked = {**opener.named, "Algorithm": "RSAES_OAEP_SHA_1", "CiphertextBlob": b64(bytes(256))}
    assert told(refusal(kms, "AsymmetricDecrypt", **asked, Recipient="{}")) == UNSUPPORTED
    key_id = kms.make_key()
    assert told(refusal(kms, "GenerateDataKey", KeyId=key_id, Recipient="{}")) == UNSUPPORTED


def test_nothing_that_was_signed_or_opened_stands_in_the_trail(
    kms: RunningKms, signer: Pair, opener: Pair
) -> None:
    value = sign(kms, signer, "RSA_PSS_SHA_256")
    record = last_record(kms)
    assert record["requestParameters"] == {**signer.named, "Algorithm": "RSA_PSS_SHA_256"}
    assert value not in str(record)
    asked = {**opener.named, "Algorithm": "RSAES_OAEP_SHA_256"}
    sealed = kms.call("AsymmetricEncrypt", **asked, Plaintext=b64(b"hi"))["CiphertextBlob"]
    assert last_record(kms)["requestParameters"] == asked
    kms.call("AsymmetricDecrypt", **asked, CiphertextBlob=sealed)
    record = last_record(kms)
    assert record["requestParameters"] == asked
    assert record["responseElements"] == opener.named


def test_a_dry_run_says_what_would_be(kms: RunningKms, signer: Pair) -> None:
    asked = {**signer.named, "Digest": b64(DIGEST), "DryRun": "true"}
    good = refusal(kms, "AsymmetricSign", **asked, Algorithm="RSA_PSS_SHA_256")
    assert told(good) == (400, "DryRunOperationError")
    bad = refusal(kms, "AsymmetricSign", **asked, Algorithm="SM2DSA")
    assert told(bad) == (400, "ValidationError")
