# SPDX-License-Identifier: Apache-2.0
"""Importing material, as its owner does it: three wrappings, one material, and when it ends."""

import base64
import secrets
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sidecar.cli.kms_client import Refusal
from sidecar.kms.service.ciphertext import parse_blob
from sidecar.kms.service.importing import MAX_GRANTS
from tests.fixtures.kms import RunningKms
from tests.kms.api.pairs import b64, flipped, make_cmk
from tests.kms.refusals import last_record, refusal, told

_SHA_1, _SHA_256 = hashes.SHA1(), hashes.SHA256()
PADDINGS: dict[str, padding.AsymmetricPadding] = {
    "RSAES_PKCS1_V1_5": padding.PKCS1v15(),
    "RSAES_OAEP_SHA_1": padding.OAEP(padding.MGF1(_SHA_1), _SHA_1, None),
    "RSAES_OAEP_SHA_256": padding.OAEP(padding.MGF1(_SHA_256), _SHA_256, None),
}
PLAINTEXT = b64(b"a plaintext")
BAD_MATERIAL = (400, "InvalidKeyMaterial")
BAD_TOKEN = (400, "InvalidImportToken")
PENDING = (409, "Rejected.PendingImport")


class Owner:
    """Whoever has the material, and a CMK to bring it into."""

    def __init__(self, kms: RunningKms, spec: str = "Aliyun_AES_256", size: int = 32) -> None:
        self.kms = kms
        self.metadata = make_cmk(kms, KeySpec=spec, Origin="EXTERNAL")
        self.key_id: str = self.metadata["KeyId"]
        self.material = secrets.token_bytes(size)

    def ask(self, algorithm: str = "RSAES_OAEP_SHA_256") -> dict[str, Any]:
        asked = {"WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": algorithm}
        return self.kms.call("GetParametersForImport", KeyId=self.key_id, **asked)

    def wrapped(
        self,
        material: bytes,
        algorithm: str = "RSAES_OAEP_SHA_256",
        expires: int = 0,
        told: dict[str, Any] | None = None,
    ) -> dict[str, str]:
        """The parameters of an ImportKeyMaterial; its token is new where none was told."""
        told = told or self.ask(algorithm)
        public = load_der_public_key(base64.b64decode(told["PublicKey"]))
        assert isinstance(public, rsa.RSAPublicKey)
        return {
            "KeyId": self.key_id,
            "ImportToken": told["ImportToken"],
            "EncryptedKeyMaterial": b64(public.encrypt(material, PADDINGS[algorithm])),
            "KeyMaterialExpireUnix": str(expires),
        }

    def bring(self, algorithm: str = "RSAES_OAEP_SHA_256", expires: int = 0) -> None:
        self.kms.call("ImportKeyMaterial", **self.wrapped(self.material, algorithm, expires))

    def refused(self, **parameters: str) -> tuple[int, str]:
        return told(refusal(self.kms, "ImportKeyMaterial", **parameters))

    def state(self) -> str:
        described = self.kms.call("DescribeKey", KeyId=self.key_id)["KeyMetadata"]
        state: str = described["KeyState"]
        return state


@pytest.fixture
def owner(kms: RunningKms) -> Owner:
    return Owner(kms)


def test_until_material_comes_the_key_waits(kms: RunningKms, owner: Owner) -> None:
    assert (owner.metadata["KeyState"], owner.metadata["Origin"]) == ("PendingImport", "EXTERNAL")
    assert owner.metadata["PrimaryKeyVersion"] == ""
    for action, more in (("Encrypt", {"Plaintext": PLAINTEXT}), ("GenerateDataKey", {})):
        assert told(refusal(kms, action, KeyId=owner.key_id, **more)) == PENDING


@pytest.mark.parametrize("algorithm", PADDINGS)
@pytest.mark.parametrize(
    ("spec", "size", "level"), [("Aliyun_AES_256", 32, "HSM"), ("Aliyun_SM4", 16, "SOFTWARE")]
)
def test_material_comes_in_by_every_wrapping(
    kms: RunningKms, algorithm: str, spec: str, size: int, level: str
) -> None:
    owner = Owner(kms, spec, size)
    owner.bring(algorithm)
    described = kms.call("DescribeKey", KeyId=owner.key_id)["KeyMetadata"]
    assert (described["KeyState"], described["ProtectionLevel"]) == ("Enabled", level)
    assert described["MaterialExpireTime"] == ""
    sealed = kms.call("Encrypt", KeyId=owner.key_id, Plaintext=PLAINTEXT)["CiphertextBlob"]
    assert kms.call("Decrypt", CiphertextBlob=sealed)["Plaintext"] == PLAINTEXT


def test_it_is_the_owners_material_that_encrypts(kms: RunningKms, owner: Owner) -> None:
    owner.bring()
    sealed = kms.call("Encrypt", KeyId=owner.key_id, Plaintext=PLAINTEXT)["CiphertextBlob"]
    blob = parse_blob(base64.b64decode(sealed))
    opened = AESGCM(owner.material).decrypt(blob.iv, blob.ciphertext, None)
    assert opened.decode() == PLAINTEXT


def test_the_same_material_comes_again_and_no_other_ever(kms: RunningKms, owner: Owner) -> None:
    owner.bring()
    sealed = kms.call("Encrypt", KeyId=owner.key_id, Plaintext=PLAINTEXT)["CiphertextBlob"]
    pair = owner.ask()
    other = owner.wrapped(secrets.token_bytes(32), told=pair)
    for _ in range(2):
        assert owner.refused(**other) == BAD_MATERIAL
        kms.call("DeleteKeyMaterial", KeyId=owner.key_id)
        assert owner.state() == "PendingImport"
        assert told(refusal(kms, "Decrypt", CiphertextBlob=sealed)) == PENDING
        assert owner.refused(**other) == BAD_MATERIAL
        kms.call("ImportKeyMaterial", **owner.wrapped(owner.material, told=pair))
        assert kms.call("Decrypt", CiphertextBlob=sealed)["Plaintext"] == PLAINTEXT


def test_a_ciphertext_does_not_open_under_another_key_of_the_same_material(
    kms: RunningKms, owner: Owner
) -> None:
    twin = Owner(kms)
    twin.material = owner.material
    owner.bring()
    twin.bring()
    sealed = kms.call("Encrypt", KeyId=owner.key_id, Plaintext=PLAINTEXT)["CiphertextBlob"]
    kms.call("DisableKey", KeyId=owner.key_id)
    assert told(refusal(kms, "Decrypt", CiphertextBlob=sealed)) == (409, "Rejected.Disabled")


@pytest.mark.parametrize("algorithm", PADDINGS)
def test_whatever_is_wrong_with_material_is_one_answer(
    kms: RunningKms, owner: Owner, algorithm: str
) -> None:
    """No oracle for what is wrapped (Bleichenbacher, Manger), and no key of another length."""
    pair = owner.ask(algorithm)
    good = owner.wrapped(owner.material, algorithm, told=pair)
    wrapped = good["EncryptedKeyMaterial"]
    answers = [
        refusal(kms, "ImportKeyMaterial", **good | {"EncryptedKeyMaterial": bad})
        for bad in (flipped(wrapped), flipped(wrapped, 1), b64(bytes(256)), b64(b"short"))
    ] + [
        refusal(kms, "ImportKeyMaterial", **owner.wrapped(bytes(size), algorithm, told=pair))
        for size in (0, 1, 16, 24, 31, 33, 64)
    ]
    assert {(*told(answer), answer["Message"]) for answer in answers} == {
        (*BAD_MATERIAL, "key material is invalid.")
    }
    assert owner.state() == "PendingImport"
    kms.call("ImportKeyMaterial", **good)
    assert owner.state() == "Enabled"


def test_material_ends_when_it_was_to_end(kms: RunningKms, owner: Owner) -> None:
    later = int(time.time()) + 3600
    owner.bring(expires=later)
    described = kms.call("DescribeKey", KeyId=owner.key_id)["KeyMetadata"]
    told_time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(later))
    assert described["MaterialExpireTime"] == told_time
    sealed = kms.call("Encrypt", KeyId=owner.key_id, Plaintext=PLAINTEXT)["CiphertextBlob"]
    again = owner.wrapped(owner.material)
    ends = _bring_for_a_moment(kms, again)
    while time.time() <= ends:
        time.sleep(0.05)
    assert owner.state() == "PendingImport"
    assert told(refusal(kms, "Decrypt", CiphertextBlob=sealed)) == PENDING
    kms.call("ImportKeyMaterial", **again)
    assert kms.call("Decrypt", CiphertextBlob=sealed)["Plaintext"] == PLAINTEXT


def _bring_for_a_moment(kms: RunningKms, brought: dict[str, str]) -> int:
    """Import with an end that is near; again, where that had passed before the call came."""
    while True:
        ends = int(time.time()) + 2
        try:
            kms.call("ImportKeyMaterial", **brought | {"KeyMaterialExpireUnix": str(ends)})
        except Refusal as error:
            if told(error.answer) != (400, "InvalidParameter"):
                raise
        else:
            return ends


def test_material_that_has_ended_before_it_comes_is_refused(owner: Owner) -> None:
    past = owner.wrapped(owner.material, expires=int(time.time()) - 10)
    assert owner.refused(**past) == (400, "InvalidParameter")


def test_a_token_is_good_for_its_key_and_its_pair_alone(kms: RunningKms, owner: Owner) -> None:
    other = Owner(kms)
    mine, theirs = owner.wrapped(owner.material), other.wrapped(owner.material)
    for token in (
        theirs["ImportToken"],
        b64(b"d03b5576-78af-4aca-8a32-7be23930e277"),
    ):
        assert owner.refused(**mine | {"ImportToken": token}) == BAD_TOKEN
    for token in (b64(b"no token"), "%%%", flipped(mine["ImportToken"], 0)):
        code = owner.refused(**mine | {"ImportToken": token})[1]
        assert code in ("InvalidParameter", "InvalidImportToken")
    again = owner.wrapped(owner.material)
    swapped = again | {"EncryptedKeyMaterial": mine["EncryptedKeyMaterial"]}
    assert owner.refused(**swapped) == BAD_MATERIAL
    kms.call("ImportKeyMaterial", **mine)


def test_pairs_and_tokens_are_new_each_time_and_the_oldest_make_room(
    kms: RunningKms, owner: Owner
) -> None:
    asked = [owner.ask() for _ in range(MAX_GRANTS + 1)]
    assert len({one["PublicKey"] for one in asked}) == len(asked)
    assert len({one["ImportToken"] for one in asked}) == len(asked)
    refused = []
    for pair in asked:
        try:
            kms.call("ImportKeyMaterial", **owner.wrapped(owner.material, told=pair))
        except Refusal as error:
            refused.append(told(error.answer))
    assert refused == [BAD_TOKEN]


def test_only_keys_of_origin_external_take_material(kms: RunningKms, owner: Owner) -> None:
    made_here = kms.make_key()
    for action, more in (
        ("GetParametersForImport", None),
        ("ImportKeyMaterial", owner.wrapped(owner.material)),
        ("DeleteKeyMaterial", {}),
    ):
        wrapping = {"WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": "RSAES_OAEP_SHA_1"}
        asked = (wrapping if more is None else more) | {"KeyId": made_here}
        assert told(refusal(kms, action, **asked)) == (400, "Unsupported.Origin")
    for spec in ("RSA_2048", "EC_P256", "Aliyun_AES_128", "HMAC_SHA_256"):
        refused = refusal(kms, "CreateKey", KeySpec=spec, Origin="EXTERNAL")
        assert told(refused) == (400, "Unsupported.Origin")


def test_sm2_wrapping_is_refused_by_name(kms: RunningKms, owner: Owner) -> None:
    asked = {"WrappingKeySpec": "EC_SM2", "WrappingAlgorithm": "SM2PKE"}
    refused = refusal(kms, "GetParametersForImport", KeyId=owner.key_id, **asked)
    assert told(refused) == (400, "UnsupportedOperation")
    asked = {"WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": "SM2PKE"}
    refused = refusal(kms, "GetParametersForImport", KeyId=owner.key_id, **asked)
    assert told(refused) == (400, "InvalidParameter")


def test_a_disabled_key_stays_so_when_its_material_comes_again(
    kms: RunningKms, owner: Owner
) -> None:
    owner.bring()
    kms.call("DisableKey", KeyId=owner.key_id)
    owner.bring()
    assert owner.state() == "Disabled"


def test_material_and_token_stand_in_no_record(kms: RunningKms, owner: Owner) -> None:
    parameters = owner.wrapped(owner.material)
    kms.call("ImportKeyMaterial", **parameters)
    record = last_record(kms)
    assert record["requestParameters"] == {
        "KeyId": owner.key_id,
        "KeyMaterialExpireUnix": "0",
    }
    assert parameters["ImportToken"] not in str(record)
