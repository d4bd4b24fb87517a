# SPDX-License-Identifier: Apache-2.0
"""UploadCertificate: what the CA gave for the request; from here on the key can be used.

The certificate has to be for the key, and the chain in order, from the issuer of the certificate
on. It is not asked whom the last of them is trusted by.
"""

from cryptography import x509

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.certificates import CERTIFICATE_ID, the_certificate
from sidecar.kms.api.parameters import Parameter
from sidecar.kms.faults import Fault
from sidecar.kms.service.certificates.chain import (
    ChainBrokenError,
    belongs,
    check_chain,
    pem,
    read_certificate,
    read_chain,
)
from sidecar.kms.service.certificates.statuses import Status, awaiting

CERTIFICATE = Parameter("Certificate", read_certificate)
CHAIN: Parameter[list[x509.Certificate]] = Parameter("CertificateChain", read_chain, default=[])


def check(call: Call) -> None:
    awaiting(call.certificate.status)
    if not belongs(call[CERTIFICATE], call.certificate.public_key, call.now):
        raise Fault.invalid_parameter(CERTIFICATE.name)
    try:
        check_chain(call[CERTIFICATE], call[CHAIN], call.now)
    except ChainBrokenError as error:
        raise Fault.invalid_parameter(CHAIN.name) from error


def act(call: Call) -> Answer:
    call.shelf.certificates.change(
        call.certificate.certificate_id,
        call.now,
        status=Status.ACTIVE,
        certificate=pem([call[CERTIFICATE]]),
        chain=pem(call[CHAIN]),
    )
    return {}


ACTION = Action(
    name="UploadCertificate",
    parameters=(CERTIFICATE_ID, CERTIFICATE, CHAIN),
    target=the_certificate,
    check=check,
    act=act,
    is_write=True,
)
