# SPDX-License-Identifier: Apache-2.0
"""GetCertificate: the request, and the certificate with its chain where they are there."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.certificates import CERTIFICATE_ID, the_certificate


def act(call: Call) -> Answer:
    return {
        "CertificateId": call.certificate.certificate_id,
        "Csr": call.certificate.csr,
        "Certificate": call.certificate.certificate,
        "CertificateChain": call.certificate.chain,
    }


ACTION = Action(
    name="GetCertificate",
    parameters=(CERTIFICATE_ID,),
    target=the_certificate,
    act=act,
    is_write=False,
)
