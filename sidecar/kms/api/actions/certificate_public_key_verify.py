# SPDX-License-Identifier: Apache-2.0
"""CertificatePublicKeyVerify: whether a signature is the certificate's, even one revoked since."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.asymmetric import SIGNING_ALGORITHM
from sidecar.kms.api.certificates import (
    CERTIFICATE_ID,
    MESSAGE,
    MESSAGE_TYPE,
    SIGNATURE,
    check_message,
    message_digest,
    the_certificate,
    used,
)
from sidecar.kms.limits import Rate
from sidecar.kms.service.certificates.statuses import verifiable
from sidecar.kms.service.public_keys import verify
from sidecar.kms.service.specs import Usage


def check(call: Call) -> None:
    used(verifiable, Usage.SIGN, SIGNING_ALGORITHM)(call)
    check_message(call)


def act(call: Call) -> Answer:
    public = call.certificate.public_key
    return {
        "CertificateId": call.certificate.certificate_id,
        "SignatureValid": verify(
            public, call[SIGNING_ALGORITHM], message_digest(call), call[SIGNATURE]
        ),
    }


ACTION = Action(
    name="CertificatePublicKeyVerify",
    parameters=(CERTIFICATE_ID, SIGNING_ALGORITHM, MESSAGE, MESSAGE_TYPE, SIGNATURE),
    target=the_certificate,
    check=check,
    act=act,
    is_write=False,
    use=Rate.ASYMMETRIC,
)
