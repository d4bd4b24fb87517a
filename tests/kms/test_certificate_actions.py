# SPDX-License-Identifier: Apache-2.0
"""A certificate from request to deletion, with the vendor's SDK and our own client."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from sidecar.kms.service.certificates.digests import digest
from tests.fixtures.kms import RunningKms
from tests.kms.issuing import MIDDLE, Sm2Issuer, pem
from tests.kms.refusals import last_record, refusal, told
from tests.kms.requested import (
    MESSAGE,
    OTHER,
    SDKS,
    SIGNING,
    SUBJECT,
    UNKNOWN,
    USES,
    make,
    make_active,
)
from tests.kms.sdks import Sdk

ENCRYPTING = {
    "RSA_2048": ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"),
    "EC_P256": (),
    "EC_SM2": ("SM2PKE",),
}

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest, kms: RunningKms) -> Sdk:
    return SDKS[request.param](kms, kms.access_key)


def issue(spec: str, csr: str, folder: Path) -> tuple[str, str]:
    """A CA's answer: the certificate and its chain."""
    if spec == "EC_SM2":
        issuer = Sm2Issuer(folder / "ca")
        return issuer.answer(csr), issuer.chain
    return MIDDLE.answer(csr), MIDDLE.chain


@pytest.mark.parametrize("spec", SIGNING)
def test_a_certificate_is_requested_imported_described_used_and_deleted(
    sdk: Sdk, spec: str, tmp_path: Path
) -> None:
    domains = ["test1.example.com", "*.example.com"]
    made = sdk.call(
        "CreateCertificate",
        Subject=SUBJECT,
        KeySpec=spec,
        SubjectAlternativeNames=json.dumps(domains),
        ExportablePrivateKey=False,
    )
    one = made["CertificateId"]
    assert made["Arn"].endswith(f":certificate/{one}")
    described = sdk.call("DescribeCertificate", CertificateId=one)
    assert (described["Status"], described["NotAfter"]) == ("PENDING", "")
    assert (described["Subject"], described["SubjectAlternativeNames"]) == (SUBJECT, domains)
    certificate, chain = issue(spec, made["Csr"], tmp_path)
    sdk.call(
        "UploadCertificate", CertificateId=one, Certificate=certificate, CertificateChain=chain
    )
    got = sdk.call("GetCertificate", CertificateId=one)
    assert (got["Csr"], got["CertificateChain"]) == (made["Csr"], chain)
    assert got["Certificate"] == pem(x509.load_pem_x509_certificate(certificate.encode()))
    described = sdk.call("DescribeCertificate", CertificateId=one)
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    assert described["Status"] == "ACTIVE"
    assert described["ExportablePrivateKey"] is False
    assert described["Serial"] == str(parsed.serial_number)
    assert described["Issuer"] == parsed.issuer.rfc4514_string()
    assert described["NotAfter"] == parsed.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    _sign_and_verify(sdk, spec, one, parsed)
    _encrypt_and_decrypt(sdk, spec, one)
    sdk.call("UpdateCertificateStatus", CertificateId=one, Status="INACTIVE")
    assert sdk.call("DescribeCertificate", CertificateId=one)["Status"] == "INACTIVE"
    sdk.call("DeleteCertificate", CertificateId=one)
    for action in ("GetCertificate", "DescribeCertificate", "DeleteCertificate"):
        with pytest.raises(Exception, match=r"Certificate.NotFound"):
            sdk.call(action, CertificateId=one)


def _sign_and_verify(sdk: Sdk, spec: str, one: str, certificate: x509.Certificate) -> None:
    for algorithm in SIGNING[spec]:
        about = {"CertificateId": one, "Algorithm": algorithm}
        raw = {**about, "MessageType": "RAW", "Message": MESSAGE}
        signature = sdk.call("CertificatePrivateKeySign", **raw)["SignatureValue"]
        if spec != "EC_SM2":
            _verify_elsewhere(certificate, algorithm, base64.b64decode(signature))
        for message, is_valid in ((MESSAGE, True), (OTHER, False)):
            asked = {**raw, "Message": message, "SignatureValue": signature}
            told = sdk.call("CertificatePublicKeyVerify", **asked)
            assert told["SignatureValid"] is is_valid
        asked = {**raw, "SignatureValue": OTHER}
        assert sdk.call("CertificatePublicKeyVerify", **asked)["SignatureValid"] is False


def _verify_elsewhere(certificate: x509.Certificate, algorithm: str, signature: bytes) -> None:
    public, message = certificate.public_key(), base64.b64decode(MESSAGE)
    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        return
    assert isinstance(public, rsa.RSAPublicKey)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    way = pss if algorithm == "RSA_PSS_SHA_256" else padding.PKCS1v15()
    public.verify(signature, message, way, hashes.SHA256())


def _encrypt_and_decrypt(sdk: Sdk, spec: str, one: str) -> None:
    for algorithm in ENCRYPTING[spec]:
        about = {"CertificateId": one, "Algorithm": algorithm}
        sealed = sdk.call("CertificatePublicKeyEncrypt", **about, Plaintext=MESSAGE)
        blob = sealed["CiphertextBlob"]
        opened = sdk.call("CertificatePrivateKeyDecrypt", **about, CiphertextBlob=blob)
        assert opened == {**opened, "CertificateId": one, "Plaintext": MESSAGE}


def test_a_digest_is_signed_as_the_message_is(kms: RunningKms) -> None:
    active = make_active(kms)
    about = {"CertificateId": active.id, "Algorithm": "ECDSA_SHA_256"}
    made = digest("ECDSA_SHA_256", b"", base64.b64decode(MESSAGE))
    hashed = {"MessageType": "DIGEST", "Message": base64.b64encode(made).decode()}
    signature = kms.call("CertificatePrivateKeySign", **about, **hashed)["SignatureValue"]
    whole = {"Message": MESSAGE, "SignatureValue": signature}
    assert kms.call("CertificatePublicKeyVerify", **about, **whole)["SignatureValid"] is True


def test_records_tell_what_was_done_and_no_message(kms: RunningKms) -> None:
    made = make(kms)
    record = last_record(kms)
    assert record["eventName"] == "CreateCertificate"
    assert record["requestParameters"] == {"Subject": SUBJECT, "KeySpec": "EC_P256"}
    assert record["responseElements"] == {"CertificateId": made.id}
    kms.call("UploadCertificate", CertificateId=made.id, Certificate=MIDDLE.answer(made.csr))
    use = USES["CertificatePrivateKeySign"]
    signature = kms.call("CertificatePrivateKeySign", CertificateId=made.id, **use)
    record = last_record(kms)
    assert record["requestParameters"] == {"CertificateId": made.id, "Algorithm": "ECDSA_SHA_256"}
    text = json.dumps(record)
    assert MESSAGE not in text
    assert signature["SignatureValue"] not in text


def test_a_dry_run_makes_nothing(kms: RunningKms) -> None:
    pending = make(kms)
    asked = {"Subject": SUBJECT, "KeySpec": "EC_P256", "DryRun": "True"}
    assert told(refusal(kms, "CreateCertificate", **asked)) == (400, "DryRunOperationError")
    answer = refusal(kms, "DeleteCertificate", CertificateId=pending.id, DryRun="True")
    assert told(answer) == (400, "DryRunOperationError")
    kms.call("DescribeCertificate", CertificateId=pending.id)


def test_a_certificate_has_tags_of_its_own(kms: RunningKms) -> None:
    pending = make(kms)
    tags = [{"TagKey": "cost", "TagValue": "7"}, {"TagKey": "team", "TagValue": "web"}]
    kms.call("TagResource", CertificateId=pending.id, Tags=json.dumps(tags))
    assert kms.call("DescribeCertificate", CertificateId=pending.id)["Tags"] == tags
    kms.call("UntagResource", CertificateId=pending.id, TagKeys='["cost"]')
    assert kms.call("DescribeCertificate", CertificateId=pending.id)["Tags"] == tags[1:]
    both = {"CertificateId": pending.id, "KeyId": kms.make_key(), "Tags": json.dumps(tags)}
    assert told(refusal(kms, "TagResource", **both)) == (400, "InvalidParameter")
    missing = {"CertificateId": UNKNOWN, "Tags": json.dumps(tags)}
    assert told(refusal(kms, "TagResource", **missing)) == (404, "Certificate.NotFound")


def test_keys_stay_after_a_crash_and_are_gone_after_a_deletion(
    make_kms: Callable[[], RunningKms], tmp_path: Path
) -> None:
    kms = make_kms()
    kms.start()
    specs = ("EC_P256", "EC_SM2")  # in the token, and sealed by it
    kept = {spec: make(kms, spec) for spec in specs}
    for spec, made in kept.items():
        certificate, chain = issue(spec, made.csr, tmp_path)
        uploaded = {"Certificate": certificate, "CertificateChain": chain}
        kms.call("UploadCertificate", CertificateId=made.id, **uploaded)
    gone = [make(kms, spec) for spec in specs]
    for made in gone:
        kms.call("DeleteCertificate", CertificateId=made.id)
    kms.kill()
    kms.start()
    for spec, made in kept.items():
        use = {"CertificateId": made.id, "Algorithm": SIGNING[spec][0], "Message": MESSAGE}
        signature = kms.call("CertificatePrivateKeySign", **use)["SignatureValue"]
        verified = kms.call("CertificatePublicKeyVerify", **use, SignatureValue=signature)
        assert verified["SignatureValid"] is True
    for made in gone:
        answer = refusal(kms, "GetCertificate", CertificateId=made.id)
        assert told(answer) == (404, "Certificate.NotFound")
