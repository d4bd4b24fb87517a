# SPDX-License-Identifier: Apache-2.0
"""The texts of policies, the vendor's and the account's own, and those that hold for somebody."""

import json
from collections.abc import Iterator

from sidecar.kms.policy import SYSTEM_DOCUMENTS, SYSTEM_POLICIES, Policy
from sidecar.kms.ram.names import Kind, PolicyType
from sidecar.kms.ram.roster import Roster
from sidecar.kms.store.ram_tables import RamPolicy


def find_text(
    roster: Roster, kind: PolicyType, name: str, version: int | None = None
) -> str | None:
    """The JSON text of a policy; of its default version where none is named."""
    if kind is PolicyType.SYSTEM:
        document = SYSTEM_DOCUMENTS.get(name)
        return json.dumps(document) if document and version in (None, 1) else None
    policy = roster.find(RamPolicy, name)
    if policy is None:
        return None
    row = roster.find_version(name, policy.default_version if version is None else version)
    return row.document if row else None


def policies_of(roster: Roster, kind: Kind, name: str) -> tuple[Policy, ...]:
    """What holds for a user (with its groups) or a role, each policy once."""
    attachments = list(roster.attachments_of(kind, name))
    if kind is Kind.USER:
        for member in roster.groups_of(name):
            attachments += roster.attachments_of(Kind.GROUP, member.group)
    named = dict.fromkeys((PolicyType(one.policy_type), one.policy) for one in attachments)
    return tuple(_parsed(roster, named))


def _parsed(roster: Roster, named: dict[tuple[PolicyType, str], None]) -> Iterator[Policy]:
    for kind, name in named:
        if kind is PolicyType.SYSTEM:
            # One that a later version no longer knows gives nothing.
            if name in SYSTEM_POLICIES:
                yield SYSTEM_POLICIES[name]
        elif text := find_text(roster, kind, name):
            yield Policy.kept(text, name)
