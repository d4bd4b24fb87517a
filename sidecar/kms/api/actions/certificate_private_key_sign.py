# SPDX-License-Identifier: Apache-2.0
"""CertificatePrivateKeySign: a signature with the certificate's key, over a message or a digest."""

import base64

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.asymmetric import SIGNING_ALGORITHM
from sidecar.kms.api.certificates import (
    CERTIFICATE_ID,
    MESSAGE,
    MESSAGE_TYPE,
    check_message,
    message_digest,
    the_certificate,
    used,
)
from sidecar.kms.limits import Rate
from sidecar.kms.service.certificates.keys import holder_of
from sidecar.kms.service.certificates.statuses import usable
from sidecar.kms.service.specs import Usage


def check(call: Call) -> None:
    used(usable, Usage.SIGN, SIGNING_ALGORITHM)(call)
    check_message(call)


def act(call: Call) -> Answer:
    holder = holder_of(call.token, call.certificate)
    signature = holder.sign(call[SIGNING_ALGORITHM], message_digest(call))
    return {
        "CertificateId": call.certificate.certificate_id,
        "SignatureValue": base64.b64encode(signature).decode("ascii"),
    }


ACTION = Action(
    name="CertificatePrivateKeySign",
    parameters=(CERTIFICATE_ID, SIGNING_ALGORITHM, MESSAGE, MESSAGE_TYPE),
    target=the_certificate,
    check=check,
    act=act,
    is_write=False,
    use=Rate.ASYMMETRIC,
)
