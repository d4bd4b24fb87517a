# SPDX-License-Identifier: Apache-2.0
"""What CMKs can be made of, at which level, and where their material is then."""

from collections.abc import Callable

import pytest

from sidecar.hsm import HsmThread, Token
from sidecar.kms.config import load_kms_config
from sidecar.kms.service.specs import SPECS
from tests.fixtures.kms import RunningKms
from tests.kms.api.pairs import b64, make_cmk, make_pair
from tests.kms.refusals import refusal, told

ONLY_SOFTWARE = {"Aliyun_SM4", "EC_SM2", "HMAC_SM3"}
"""What SoftHSM cannot hold."""


def in_token(kms: RunningKms) -> set[str]:
    """The keys in the token, seen by another process than the one that made them."""
    with HsmThread(load_kms_config(kms.directory / "kms.yaml").token) as hsm:
        return {key_id.decode() for key_id in hsm.run(Token.list_key_ids)}


def test_every_spec_is_made_in_the_token_where_it_can_be(kms: RunningKms) -> None:
    made = {spec: make_cmk(kms, KeySpec=spec) for spec in SPECS}
    held = in_token(kms)
    for spec, metadata in made.items():
        level = "SOFTWARE" if spec in ONLY_SOFTWARE else "HSM"
        assert metadata["ProtectionLevel"] == level, spec
        assert (metadata["PrimaryKeyVersion"] in held) == (level == "HSM"), spec
        assert metadata["KeyState"] == "Enabled"


@pytest.mark.parametrize("spec", sorted(ONLY_SOFTWARE))
def test_what_the_token_lacks_is_refused_at_its_level(kms: RunningKms, spec: str) -> None:
    refused = refusal(kms, "CreateKey", KeySpec=spec, ProtectionLevel="HSM")
    assert told(refused) == (400, "Unsupported.ProtectionLevel")


@pytest.mark.parametrize("spec", ["Aliyun_AES_256", "EC_P256", "HMAC_SHA_256"])
def test_software_level_can_be_asked_for(kms: RunningKms, spec: str) -> None:
    metadata = make_cmk(kms, KeySpec=spec, ProtectionLevel="SOFTWARE")
    assert metadata["ProtectionLevel"] == "SOFTWARE"
    assert metadata["PrimaryKeyVersion"] not in in_token(kms)


@pytest.mark.parametrize(
    ("spec", "usage"),
    [
        ("Aliyun_AES_256", "SIGN/VERIFY"),
        ("EC_P256", "ENCRYPT/DECRYPT"),
        ("RSA_2048", "GENERATE/VERIFY"),
        ("HMAC_SHA_256", "ENCRYPT/DECRYPT"),
        ("Aliyun_AES_256", "EVERYTHING"),
    ],
)
def test_a_use_that_the_spec_does_not_have_is_refused(
    kms: RunningKms, spec: str, usage: str
) -> None:
    refused = refusal(kms, "CreateKey", KeySpec=spec, KeyUsage=usage)
    assert told(refused) == (400, "InvalidParameter")


def test_a_crash_loses_nothing_of_software_level(make_kms: Callable[..., RunningKms]) -> None:
    kms = make_kms()
    kms.start()
    cipher = make_cmk(kms, KeySpec="Aliyun_SM4")
    blob = kms.call("Encrypt", KeyId=cipher["KeyId"], Plaintext=b64(b"hi"))["CiphertextBlob"]
    pair = make_pair(kms, "EC_SM2", "SIGN/VERIFY")
    asked = {**pair.named, "Algorithm": "SM2DSA", "Digest": b64(bytes(32))}
    value = kms.call("AsymmetricSign", **asked)["Value"]
    kms.kill()
    kms.start()
    assert kms.call("Decrypt", CiphertextBlob=blob)["Plaintext"] == b64(b"hi")
    assert kms.call("AsymmetricVerify", **asked, Value=value)["Value"] is True
    assert kms.call("AsymmetricSign", **asked)["Value"] != value
