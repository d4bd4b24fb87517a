# SPDX-License-Identifier: Apache-2.0
"""DescribeCertificate: everything that is told about a certificate."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.certificates import CERTIFICATE_ID, the_certificate
from sidecar.kms.service.certificates.description import describe


def act(call: Call) -> Answer:
    tags = call.shelf.tags_of_certificates.of(call.certificate.certificate_id)
    return describe(call.place, call.certificate, tags)


ACTION = Action(
    name="DescribeCertificate",
    parameters=(CERTIFICATE_ID,),
    target=the_certificate,
    act=act,
    is_write=False,
)
