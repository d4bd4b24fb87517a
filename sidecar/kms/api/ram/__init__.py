# SPDX-License-Identifier: Apache-2.0
"""RAM's API (2015-05-01): a file a kind of thing, each with its `ACTIONS`.

Offered is what applications and tools use of it; what belongs to the vendor's console (passwords,
MFA devices, tags) is not.
"""

from sidecar.kms.api.action import Action
from sidecar.kms.api.ram import (
    access_keys,
    attachments,
    groups,
    memberships,
    policies,
    policy_versions,
    roles,
    users,
)

_FILES = (
    *(users, access_keys, groups, memberships, roles),
    *(policies, policy_versions, attachments),
)
ACTIONS: dict[str, Action] = {action.name: action for file in _FILES for action in file.ACTIONS}
DEFERRED = frozenset(
    {
        *("BindMFADevice", "ChangePassword", "ClearAccountAlias", "CreateLoginProfile"),
        *("CreateServiceLinkedRole", "CreateVirtualMFADevice", "DecodeDiagnosticMessage"),
        *("DeleteLoginProfile", "DeleteServiceLinkedRole", "DeleteVirtualMFADevice"),
        *("GetAccessKeyLastUsed", "GetAccountAlias", "GetLoginProfile", "GetPasswordPolicy"),
        *("GetSecurityPreference", "GetServiceLinkedRoleTemplate", "GetUserMFAInfo"),
        *("ListTagResources", "ListVirtualMFADevices", "SetAccountAlias", "SetPasswordPolicy"),
        *("SetSecurityPreference", "TagResources", "UnbindMFADevice", "UntagResources"),
        "UpdateLoginProfile",
    }
)
