# SPDX-License-Identifier: Apache-2.0
"""Which resource TagResource and UntagResource are about: exactly one of three parameters says so.

CMKs and certificates have tags; secrets there are none.
"""

from sidecar.kms.api.action import Call, Target
from sidecar.kms.api.parameters import Parameter, one_of, text_up_to
from sidecar.kms.api.targets import OPTIONAL_KEY_ID, the_named_key
from sidecar.kms.faults import Fault
from sidecar.kms.service.tagging import read_names, read_tags

CERTIFICATE_ID = Parameter("CertificateId", text_up_to(64), default="")
SECRET_NAME = Parameter("SecretName", text_up_to(192), default="")
RESOURCE = (OPTIONAL_KEY_ID, CERTIFICATE_ID, SECRET_NAME)

TAGS = Parameter("Tags", read_tags("TagKey", "TagValue"))
TAG_KEYS = Parameter("TagKeys", read_names, audited=True)

RESOURCE_TYPE = Parameter("ResourceType", one_of("key", "secret"), audited=True)
LISTED_TAGS = Parameter("Tag", read_tags("Key", "Value"), is_repeated=True)


def the_tagged(call: Call) -> Target:
    """The one resource that the call names."""
    if call[CERTIFICATE_ID] or call[SECRET_NAME]:
        raise Fault.unsupported_operation("Tagging of anything but keys")
    return the_named_key(call, call[OPTIONAL_KEY_ID], OPTIONAL_KEY_ID)


def keys_only(call: Call) -> None:
    """Check that the resources of the call are CMKs."""
    if call[RESOURCE_TYPE] != "key":
        raise Fault.unsupported_operation("Tagging of anything but keys")
