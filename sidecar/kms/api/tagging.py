# SPDX-License-Identifier: Apache-2.0
"""Which resource TagResource and UntagResource are about: exactly one of three parameters says so.

CMKs and certificates have tags; secrets there are none.
"""

from sidecar.kms.api.action import Call, Target
from sidecar.kms.api.certificates import certificate_id, named_certificate
from sidecar.kms.api.parameters import Parameter, one_of, text_up_to
from sidecar.kms.api.targets import OPTIONAL_KEY_ID, the_named_key
from sidecar.kms.faults import Fault
from sidecar.kms.service.tagging import read_names, read_tags
from sidecar.kms.store import Tags

CERTIFICATE_ID = Parameter("CertificateId", certificate_id, default="", audited=True)
SECRET_NAME = Parameter("SecretName", text_up_to(192), default="")
RESOURCE = (OPTIONAL_KEY_ID, CERTIFICATE_ID, SECRET_NAME)

TAGS = Parameter("Tags", read_tags("TagKey", "TagValue"))
TAG_KEYS = Parameter("TagKeys", read_names, audited=True)

RESOURCE_TYPE = Parameter("ResourceType", one_of("key", "secret"), audited=True)
LISTED_TAGS = Parameter("Tag", read_tags("Key", "Value"), is_repeated=True)


def the_tagged(call: Call) -> Target:
    """The one resource that the call names."""
    if call[SECRET_NAME]:
        raise Fault.unsupported_operation("Tagging of secrets")
    if call[CERTIFICATE_ID]:
        if call[OPTIONAL_KEY_ID] is not None:
            raise Fault.invalid_parameter(CERTIFICATE_ID.name)
        return named_certificate(call, call[CERTIFICATE_ID])
    return the_named_key(call, call[OPTIONAL_KEY_ID], OPTIONAL_KEY_ID)


def tags_of(call: Call) -> tuple[Tags, str]:
    """The tags of resources like the one that the call names, and its id."""
    if call.target.certificate is not None:
        return call.shelf.tags_of_certificates, call.certificate.certificate_id
    return call.shelf.tags, call.cmk.key_id


def keys_only(call: Call) -> None:
    """Check that the resources of the call are CMKs."""
    if call[RESOURCE_TYPE] != "key":
        raise Fault.unsupported_operation("Tagging of anything but keys")
