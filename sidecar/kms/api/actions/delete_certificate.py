# SPDX-License-Identifier: Apache-2.0
"""DeleteCertificate: the certificate, its chain and its key are gone, and nothing restores them."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.certificates import CERTIFICATE_ID, the_certificate
from sidecar.kms.service.certificates.keys import give_up_key


def act(call: Call) -> Answer:
    give_up_key(call.token, call.certificate)
    call.shelf.tags_of_certificates.remove_all(call.certificate.certificate_id)
    call.shelf.certificates.delete(call.certificate.certificate_id)
    return {}


ACTION = Action(
    name="DeleteCertificate",
    parameters=(CERTIFICATE_ID,),
    target=the_certificate,
    act=act,
    is_write=True,
)
