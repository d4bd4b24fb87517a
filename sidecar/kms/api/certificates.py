# SPDX-License-Identifier: Apache-2.0
"""What the certificate actions share: which certificate, its status, and what is signed."""

import re
from collections.abc import Callable

from sidecar.kms.api.action import Call, Target
from sidecar.kms.api.asymmetric import MAX_SIGNATURE, SIGNING_ALGORITHM
from sidecar.kms.api.parameters import Parameter, base64_up_to, one_of
from sidecar.kms.faults import Fault
from sidecar.kms.service.certificates.digests import digest
from sidecar.kms.service.public_keys import DIGEST_BYTES
from sidecar.kms.service.specs import SPECS, Usage

MAX_MESSAGE = 4096
RAW = "RAW"
DIGEST = "DIGEST"
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def certificate_id(text: str) -> str:
    """Read the id of a certificate; raise ValueError."""
    if not _ID.fullmatch(text):
        raise ValueError
    return text


CERTIFICATE_ID = Parameter("CertificateId", certificate_id, audited=True)
MESSAGE = Parameter("Message", base64_up_to(MAX_MESSAGE))
MESSAGE_TYPE = Parameter("MessageType", one_of(RAW, DIGEST), default=RAW, audited=True)
SIGNATURE = Parameter("SignatureValue", base64_up_to(MAX_SIGNATURE))


def all_certificates(call: Call) -> Target:
    """The container of certificates: CreateCertificate."""
    return Target((call.place.certificates,))


def the_certificate(call: Call) -> Target:
    """The certificate that CertificateId names."""
    return named_certificate(call, call[CERTIFICATE_ID])


def named_certificate(call: Call, name: str) -> Target:
    """The certificate with this id."""
    found = call.shelf.certificates.find(name)
    return Target(
        (call.place.certificate(name),),
        missing=None if found else Fault.certificate_not_found(),
        certificate=found,
    )


def used(
    states: Callable[[str], None], usage: Usage, algorithm: Parameter[str]
) -> Callable[[Call], None]:
    """Check the certificate's status, and that its key knows the algorithm."""

    def check(call: Call) -> None:
        states(call.certificate.status)
        if call[algorithm] not in SPECS[call.certificate.key_spec].algorithms.get(usage, ()):
            raise Fault.invalid_parameter(algorithm.name)

    return check


def check_message(call: Call) -> None:
    """A digest has the length of a digest."""
    if call[MESSAGE_TYPE] == DIGEST and len(call[MESSAGE]) != DIGEST_BYTES:
        raise Fault.invalid_parameter(MESSAGE.name)


def message_digest(call: Call) -> bytes:
    """What is signed: the digest that was given, or the one of the message."""
    if call[MESSAGE_TYPE] == DIGEST:
        return call[MESSAGE]
    return digest(call[SIGNING_ALGORITHM], call.certificate.public_key, call[MESSAGE])
