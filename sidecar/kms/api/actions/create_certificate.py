# SPDX-License-Identifier: Apache-2.0
"""CreateCertificate: a key pair that stays here, and the request that a CA is to answer.

`ExportablePrivateKey` is remembered and told; no action hands out a private key, whatever it says.
"""

from cryptography import x509

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.certificates import all_certificates
from sidecar.kms.api.parameters import Parameter, boolean, json_list, one_of
from sidecar.kms.faults import Fault
from sidecar.kms.service.certificates.keys import KEY_SPECS, holder_of, make_pair
from sidecar.kms.service.certificates.request import make_request
from sidecar.kms.service.certificates.statuses import Status
from sidecar.kms.service.certificates.subject import MAX_DOMAINS, read_domain, read_subject
from sidecar.kms.store import Certificate

MAX_SUBJECT = 2048


def subject(text: str) -> x509.Name:
    if len(text) > MAX_SUBJECT:
        raise ValueError
    return read_subject(text)


def domains(text: str) -> list[str]:
    names = [read_domain(entry) for entry in json_list(text)]
    if len(names) > MAX_DOMAINS:
        raise ValueError
    return names


SUBJECT = Parameter("Subject", subject, audited=True)
KEY_SPEC = Parameter("KeySpec", one_of(*KEY_SPECS), audited=True)
ALTERNATIVE_NAMES: Parameter[list[str]] = Parameter(
    "SubjectAlternativeNames", domains, default=[], audited=True
)
EXPORTABLE = Parameter("ExportablePrivateKey", boolean, default=True, audited=True)


def check(call: Call) -> None:
    if call.shelf.certificates.count() >= call.quotas.certificates:
        raise Fault.limit_exceeded()


def act(call: Call) -> Answer:
    certificate_id, pair = make_pair(call.token, call.shelf.pairs, call[KEY_SPEC], call.new_id)
    made = Certificate(
        certificate_id=certificate_id,
        key_spec=call[KEY_SPEC],
        is_exportable=call[EXPORTABLE],
        status=Status.PENDING,
        sealed=pair.sealed,
        public_key=pair.public,
        csr="",
        created_at=call.now,
        updated_at=call.now,
    )
    csr = make_request(
        holder_of(call.token, made),
        made.key_spec,
        made.public_key,
        call[SUBJECT],
        call[ALTERNATIVE_NAMES],
    )
    call.shelf.certificates.add(made._replace(csr=csr))
    return {
        "Arn": call.place.certificate(certificate_id),
        "CertificateId": certificate_id,
        "Csr": csr,
    }


ACTION = Action(
    name="CreateCertificate",
    parameters=(SUBJECT, KEY_SPEC, ALTERNATIVE_NAMES, EXPORTABLE),
    target=all_certificates,
    check=check,
    act=act,
    is_write=True,
)
