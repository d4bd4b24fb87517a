# SPDX-License-Identifier: Apache-2.0
"""UpdateCertificateStatus: a certificate is disabled, enabled again, or revoked for good."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.certificates import CERTIFICATE_ID, the_certificate
from sidecar.kms.api.parameters import Parameter, one_of
from sidecar.kms.service.certificates.statuses import SETTABLE, settable

STATUS = Parameter("Status", one_of(*SETTABLE), audited=True)


def check(call: Call) -> None:
    settable(call.certificate.status, call[STATUS])


def act(call: Call) -> Answer:
    call.shelf.certificates.change(call.certificate.certificate_id, call.now, status=call[STATUS])
    return {}


ACTION = Action(
    name="UpdateCertificateStatus",
    parameters=(CERTIFICATE_ID, STATUS),
    target=the_certificate,
    check=check,
    act=act,
    is_write=True,
)
