# SPDX-License-Identifier: Apache-2.0
"""Certificates that a running KMS has, and what they are used for."""

import base64
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.issuing import MIDDLE
from tests.kms.sdks import LegacySdk, Sdk

SUBJECT = "CN=userName,OU=kms,O=aliyun,C=CN"
MESSAGE = base64.b64encode(b"a canary to sign").decode()
OTHER = base64.b64encode(b"another canary").decode()
UNKNOWN = str(uuid.UUID(int=0))
SIGNING = {
    "RSA_2048": ("RSA_PKCS1_SHA_256", "RSA_PSS_SHA_256"),
    "EC_P256": ("ECDSA_SHA_256",),
    "EC_SM2": ("SM2DSA",),
}
USES = {
    "CertificatePrivateKeySign": {"Algorithm": "ECDSA_SHA_256", "Message": MESSAGE},
    "CertificatePublicKeyVerify": {
        "Algorithm": "ECDSA_SHA_256",
        "Message": MESSAGE,
        "SignatureValue": MESSAGE,
    },
    "CertificatePublicKeyEncrypt": {"Algorithm": "SM2PKE", "Plaintext": MESSAGE},
    "CertificatePrivateKeyDecrypt": {"Algorithm": "SM2PKE", "CiphertextBlob": MESSAGE},
}
"""What a key is used for, and with which parameters."""


class OwnClient:
    """`sidecar kms call`: ACS3, which the SDK that has these actions does not speak."""

    def __init__(self, kms: RunningKms, _: AccessKey) -> None:
        self._kms = kms

    def call(self, action: str, **parameters: object) -> dict[str, Any]:
        return self._kms.call(action, **{name: str(value) for name, value in parameters.items()})


SDKS: dict[str, Callable[[RunningKms, AccessKey], Sdk]] = {
    "legacy, V1": LegacySdk,
    "own": OwnClient,
}
"""Who has actions for certificates; the vendor took them out of its newer SDKs."""


class Made(NamedTuple):
    """A certificate that was created, and its request."""

    id: str
    csr: str


def make(kms: RunningKms, spec: str = "EC_P256") -> Made:
    """One that waits for its import."""
    answer = kms.call("CreateCertificate", Subject=SUBJECT, KeySpec=spec)
    return Made(answer["CertificateId"], answer["Csr"])


def make_active(kms: RunningKms) -> Made:
    """One that was imported."""
    made = make(kms)
    kms.call("UploadCertificate", CertificateId=made.id, Certificate=MIDDLE.answer(made.csr))
    return made
