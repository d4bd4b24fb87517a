# SPDX-License-Identifier: Apache-2.0
"""STS's API (2015-04-01): credentials that end, and who one is."""

from sidecar.kms.api.action import Action
from sidecar.kms.api.sts import assume_role, assume_role_with_oidc, get_caller_identity

_FILES = (assume_role, assume_role_with_oidc, get_caller_identity)
ACTIONS: dict[str, Action] = {file.ACTION.name: file.ACTION for file in _FILES}
DEFERRED = frozenset({"AssumeRoleWithSAML"})
