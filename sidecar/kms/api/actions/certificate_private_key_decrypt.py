# SPDX-License-Identifier: Apache-2.0
"""CertificatePrivateKeyDecrypt: what was encrypted to the certificate's key, here or anywhere."""

import base64

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.asymmetric import CIPHERTEXT, ENCRYPTING_ALGORITHM, by_algorithm
from sidecar.kms.api.certificates import CERTIFICATE_ID, the_certificate, used
from sidecar.kms.limits import Rate
from sidecar.kms.service.certificates.keys import holder_of
from sidecar.kms.service.certificates.statuses import usable
from sidecar.kms.service.specs import Usage


def act(call: Call) -> Answer:
    holder = holder_of(call.token, call.certificate)
    plaintext = holder.open(call[ENCRYPTING_ALGORITHM], call[CIPHERTEXT])
    return {
        "CertificateId": call.certificate.certificate_id,
        "Plaintext": base64.b64encode(plaintext).decode("ascii"),
    }


ACTION = Action(
    name="CertificatePrivateKeyDecrypt",
    parameters=(CERTIFICATE_ID, ENCRYPTING_ALGORITHM, CIPHERTEXT),
    target=the_certificate,
    facts=by_algorithm,
    check=used(usable, Usage.ENCRYPT, ENCRYPTING_ALGORITHM),
    act=act,
    is_write=False,
    use=Rate.ASYMMETRIC,
)
