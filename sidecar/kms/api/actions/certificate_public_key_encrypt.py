# SPDX-License-Identifier: Apache-2.0
"""CertificatePublicKeyEncrypt: to the certificate's key, which can be done elsewhere as well."""

import base64

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.asymmetric import ENCRYPTING_ALGORITHM, MAX_CIPHERTEXT, by_algorithm
from sidecar.kms.api.certificates import CERTIFICATE_ID, the_certificate, used
from sidecar.kms.api.parameters import Parameter, base64_up_to
from sidecar.kms.faults import Fault
from sidecar.kms.limits import Rate
from sidecar.kms.service.certificates.statuses import usable
from sidecar.kms.service.public_keys import encrypt, max_plaintext
from sidecar.kms.service.specs import Usage

PLAINTEXT = Parameter("Plaintext", base64_up_to(MAX_CIPHERTEXT))


def check(call: Call) -> None:
    used(usable, Usage.ENCRYPT, ENCRYPTING_ALGORITHM)(call)
    limit = max_plaintext(call.certificate.public_key, call[ENCRYPTING_ALGORITHM])
    if not 0 < len(call[PLAINTEXT]) <= limit:
        raise Fault.invalid_parameter(PLAINTEXT.name)


def act(call: Call) -> Answer:
    ciphertext = encrypt(call.certificate.public_key, call[ENCRYPTING_ALGORITHM], call[PLAINTEXT])
    return {
        "CertificateId": call.certificate.certificate_id,
        "CiphertextBlob": base64.b64encode(ciphertext).decode("ascii"),
    }


ACTION = Action(
    name="CertificatePublicKeyEncrypt",
    parameters=(CERTIFICATE_ID, ENCRYPTING_ALGORITHM, PLAINTEXT),
    target=the_certificate,
    facts=by_algorithm,
    check=check,
    act=act,
    is_write=False,
    use=Rate.ASYMMETRIC,
)
