# SPDX-License-Identifier: Apache-2.0
"""What certificates and their keys refuse, and to whom."""

import base64
import json
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.hsm import HsmThread, Pkcs11Uri, softhsm
from tests.fixtures.kms import RunningKms
from tests.kms.issuing import DAY, MIDDLE, ROOT, Issuer, named, pem
from tests.kms.refusals import refusal, told
from tests.kms.requested import MESSAGE, SUBJECT, UNKNOWN, USES, make, make_active


@pytest.mark.parametrize("status", ["PENDING", "INACTIVE", "REVOKED"])
@pytest.mark.parametrize("action", USES)
def test_a_key_is_used_while_its_certificate_is_active(
    kms: RunningKms, action: str, status: str
) -> None:
    pending = make(kms)
    if status != "PENDING":
        certificate = MIDDLE.answer(pending.csr)
        kms.call("UploadCertificate", CertificateId=pending.id, Certificate=certificate)
        kms.call("UpdateCertificateStatus", CertificateId=pending.id, Status=status)
    if (action, status) == ("CertificatePublicKeyVerify", "REVOKED"):
        answer = kms.call(action, CertificateId=pending.id, **USES[action])
        assert answer["SignatureValid"] is False
        return
    answer = refusal(kms, action, CertificateId=pending.id, **USES[action])
    assert told(answer) == (409, f"Rejected.{status}")


def test_what_was_disabled_comes_back_and_what_was_revoked_does_not(kms: RunningKms) -> None:
    active = make_active(kms)
    update = {"CertificateId": active.id}
    kms.call("UpdateCertificateStatus", **update, Status="INACTIVE")
    kms.call("UpdateCertificateStatus", **update, Status="ACTIVE")
    kms.call("CertificatePrivateKeySign", **update, **USES["CertificatePrivateKeySign"])
    kms.call("UpdateCertificateStatus", **update, Status="REVOKED")
    answer = refusal(kms, "UpdateCertificateStatus", **update, Status="ACTIVE")
    assert told(answer) == (409, "Rejected.StateModifiedFailed")
    # Nor does another import make it one that is active.
    answer = refusal(kms, "UploadCertificate", **update, Certificate=MIDDLE.answer(active.csr))
    assert told(answer) == (409, "Rejected.REVOKED")


def test_a_certificate_for_another_key_is_refused(kms: RunningKms) -> None:
    """Attack: whoever may import makes verifiers take signatures of a key of his own."""
    pending = make(kms)
    others = MIDDLE.answer(make(kms).csr)
    answer = refusal(kms, "UploadCertificate", CertificateId=pending.id, Certificate=others)
    assert told(answer) == (400, "InvalidParameter")
    assert '"Certificate"' in answer["Message"]
    assert kms.call("DescribeCertificate", CertificateId=pending.id)["Status"] == "PENDING"


@pytest.mark.parametrize("chain", [ROOT.chain, Issuer.root().chain, "no chain"])
def test_a_chain_that_does_not_hang_together_is_refused(kms: RunningKms, chain: str) -> None:
    pending = make(kms)
    answer = refusal(
        kms,
        "UploadCertificate",
        CertificateId=pending.id,
        Certificate=MIDDLE.answer(pending.csr),
        CertificateChain=chain,
    )
    assert told(answer) == (400, "InvalidParameter")
    assert '"CertificateChain"' in answer["Message"]


def test_a_certificate_that_has_ended_is_refused(kms: RunningKms) -> None:
    pending = make(kms)
    request = x509.load_pem_x509_csr(pending.csr.encode())
    public = request.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    ended = pem(MIDDLE.issue(public, named("us"), ends=-DAY))
    answer = refusal(kms, "UploadCertificate", CertificateId=pending.id, Certificate=ended)
    assert told(answer) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        ("CreateCertificate", {"Subject": SUBJECT}, "MissingParameter"),
        ("CreateCertificate", {"KeySpec": "EC_P256"}, "MissingParameter"),
        ("CreateCertificate", {"Subject": SUBJECT, "KeySpec": "RSA_4096"}, "InvalidParameter"),
        ("CreateCertificate", {"Subject": "CN=a", "KeySpec": "EC_P256"}, "InvalidParameter"),
        (
            "CreateCertificate",
            {
                "Subject": SUBJECT,
                "KeySpec": "EC_P256",
                "SubjectAlternativeNames": json.dumps([f"{n}.example" for n in range(11)]),
            },
            "InvalidParameter",
        ),
        ("DescribeCertificate", {}, "MissingParameter"),
        ("DescribeCertificate", {"CertificateId": UNKNOWN}, "Certificate.NotFound"),
        ("DescribeCertificate", {"CertificateId": "no id"}, "InvalidParameter"),
        ("UpdateCertificateStatus", {"CertificateId": "@", "Status": "GONE"}, "InvalidParameter"),
        (
            "CertificatePrivateKeySign",
            {"CertificateId": "@", "Algorithm": "SM2DSA", "Message": MESSAGE},
            "InvalidParameter",
        ),
        (
            "CertificatePrivateKeySign",
            {
                "CertificateId": "@",
                "Algorithm": "ECDSA_SHA_256",
                "Message": MESSAGE,
                "MessageType": "DIGEST",
            },
            "InvalidParameter",
        ),
        (
            "CertificatePrivateKeySign",
            {
                "CertificateId": "@",
                "Algorithm": "ECDSA_SHA_256",
                "Message": base64.b64encode(bytes(4097)).decode(),
            },
            "InvalidParameter",
        ),
        (
            "CertificatePublicKeyEncrypt",
            {"CertificateId": "@", "Algorithm": "RSAES_OAEP_SHA_256", "Plaintext": MESSAGE},
            "InvalidParameter",
        ),
    ],
)
def test_what_is_refused(
    kms: RunningKms, action: str, parameters: dict[str, str], expected: str
) -> None:
    active = make_active(kms)
    given = {name: active.id if text == "@" else text for name, text in parameters.items()}
    assert refusal(kms, action, **given)["Code"] == expected


def test_a_ciphertext_that_was_spoilt_does_not_open(kms: RunningKms) -> None:
    made = make(kms, "RSA_2048")
    about = {"CertificateId": made.id, "Algorithm": "RSAES_OAEP_SHA_256"}
    kms.call("UploadCertificate", CertificateId=made.id, Certificate=MIDDLE.answer(made.csr))
    sealed = kms.call("CertificatePublicKeyEncrypt", **about, Plaintext=MESSAGE)
    blob = bytearray(base64.b64decode(sealed["CiphertextBlob"]))
    blob[7] ^= 1
    for spoilt in (bytes(blob), bytes(blob[:-1]), b"short", bytes(256)):
        text = base64.b64encode(spoilt).decode()
        answer = refusal(kms, "CertificatePrivateKeyDecrypt", **about, CiphertextBlob=text)
        assert told(answer) == (400, "InvalidParameter")
    longer = base64.b64encode(bytes(191)).decode()
    answer = refusal(kms, "CertificatePublicKeyEncrypt", **about, Plaintext=longer)
    assert told(answer) == (400, "InvalidParameter")


def test_a_certificate_is_no_cmk(kms: RunningKms) -> None:
    """Attack: a right on keys is used for the key of a certificate."""
    active = make_active(kms)
    for action in ("DescribeKey", "DisableKey", "GenerateDataKey"):
        assert told(refusal(kms, action, KeyId=active.id)) == (404, "Forbidden.KeyNotFound")
    blob = base64.b64encode(active.id.encode() + bytes(40)).decode()
    assert told(refusal(kms, "Decrypt", CiphertextBlob=blob)) == (400, "InvalidParameter")


def test_whoever_has_no_right_hears_nothing(kms: RunningKms) -> None:
    active = make_active(kms)
    sidecar = KmsClient.from_file(kms.directory / "sidecar.json", kms.endpoint, None)
    for one in (active.id, UNKNOWN):
        for action, more in (*USES.items(), ("DescribeCertificate", {}), ("DeleteCertificate", {})):
            with pytest.raises(Refusal) as refused:
                sidecar.call(action, {"CertificateId": one, **more})
            assert told(refused.value.answer) == (403, "Forbidden.NoPermission")
    with pytest.raises(Refusal) as refused:
        sidecar.call("CreateCertificate", {"Subject": SUBJECT, "KeySpec": "EC_P256"})
    assert told(refused.value.answer) == (403, "Forbidden.NoPermission")


def test_an_account_has_as_many_as_it_may(make_kms: Callable[[], RunningKms]) -> None:
    kms = make_kms()
    configuration = kms.directory / "kms.yaml"
    configuration.write_text(configuration.read_text() + "quotas: {certificates: 1}\n")
    kms.start()
    only = make(kms)
    asked = {"Subject": SUBJECT, "KeySpec": "EC_P256"}
    assert told(refusal(kms, "CreateCertificate", **asked)) == (400, "Rejected.LimitExceeded")
    kms.call("DeleteCertificate", CertificateId=only.id)
    make(kms)


def test_a_key_that_the_token_lost_is_told_once_and_for_all(
    make_kms: Callable[[], RunningKms],
) -> None:
    """No trying again helps, so it is no 5xx; and nothing listens after the next start."""
    kms = make_kms()
    kms.start()
    one = make_active(kms).id
    with HsmThread(token_of(kms)) as hsm:
        hsm.run(lambda token: token.destroy(one.encode()))
    sign = {"CertificateId": one, **USES["CertificatePrivateKeySign"]}
    assert told(refusal(kms, "CertificatePrivateKeySign", **sign)) == (409, "Rejected.Unavailable")
    assert f"certificate/{one}: the token does not hold key" in kms.log.read_text()
    kms.stop()
    with pytest.raises(RuntimeError, match=f"keys in the database are not in the token, {one}"):
        kms.start()


def token_of(kms: RunningKms) -> Pkcs11Uri:
    return softhsm.locate(kms.directory / "hsm")
