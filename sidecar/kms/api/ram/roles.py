# SPDX-License-Identifier: Apache-2.0
"""CreateRole, GetRole, UpdateRole, DeleteRole, ListRoles, and RevokeRoleSessions.

The last is not the vendor's: it ends every session that was opened of a role until now. Nor is it
that what is told of a role says which providers it is `OpenToAllOf`: the vendor takes a trust
policy that forgets to say which workloads it means, and so does this, but not without a word.
"""

from collections.abc import Mapping

from sidecar.kms.accounts import DEFAULT_SESSION_SECONDS
from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, integer, text_up_to
from sidecar.kms.api.ram.named import changeable, insist_on_room, the
from sidecar.kms.api.ram.parameters import (
    DESCRIPTION,
    MARKER,
    MAX,
    MAX_DESCRIPTION,
    MAX_DOCUMENT,
    NO_TAGS,
    ROLE_NAME,
    about,
    page,
    read_document,
    roster_of,
)
from sidecar.kms.policy import Kind as PolicyKind
from sidecar.kms.policy import providers_of
from sidecar.kms.ram import refusals
from sidecar.kms.ram.names import Kind, arn_of, new_id, read_arn
from sidecar.kms.ram.open_roles import open_to
from sidecar.kms.ram.sessions import MAX_SECONDS, MIN_MAX_SESSION, revoke_sessions
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.store.ram_tables import RamRole

TRUST = Parameter("AssumeRolePolicyDocument", text_up_to(MAX_DOCUMENT))
NEW_TRUST = Parameter("NewAssumeRolePolicyDocument", text_up_to(MAX_DOCUMENT), default=None)
NEW_DESCRIPTION = Parameter("NewDescription", text_up_to(MAX_DESCRIPTION), default=None)
_SECONDS = integer(MIN_MAX_SESSION, MAX_SECONDS)
MAX_SESSION = Parameter(
    "MaxSessionDuration", _SECONDS, default=DEFAULT_SESSION_SECONDS, audited=True
)
NEW_MAX_SESSION = Parameter("NewMaxSessionDuration", _SECONDS, default=None, audited=True)


def _shown(role: RamRole) -> dict[str, object]:
    providers = open_to(role)
    return {
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": arn_of(role.account, "role", role.name),
        "Description": role.description,
        "MaxSessionDuration": role.max_session,
        "CreateDate": timestamp(role.created_at),
        "UpdateDate": timestamp(role.updated_at),
        **({"OpenToAllOf": providers} if providers else {}),
    }


def _shown_whole(role: RamRole) -> dict[str, object]:
    return {**_shown(role), "AssumeRolePolicyDocument": role.trust}


def _told(answer: Answer) -> Mapping[str, str]:
    role = answer["Role"]
    providers = role.get("OpenToAllOf") if isinstance(role, dict) else None
    return {"OpenToAllOf": " ".join(providers)} if providers else {}


def _check_trust(call: Call, parameter: Parameter[str] | Parameter[str | None]) -> None:
    """Refuse a text that is no trust policy, and one that names a provider nobody configured."""
    if (text := call[parameter]) is None:
        return
    for provider in sorted(providers_of(read_document(text, parameter.name, PolicyKind.TRUST))):
        if call.directory.find_provider(read_arn(provider, "oidc-provider")) is None:
            raise refusals.unknown_provider(provider)


def _create(call: Call) -> Answer:
    roster = roster_of(call)
    insist_on_room(roster, RamRole, call[ROLE_NAME])
    role = RamRole(
        account=roster.account,
        name=call[ROLE_NAME],
        id=new_id(),
        description=call[DESCRIPTION],
        trust=call[TRUST],
        max_session=call[MAX_SESSION],
        is_seeded=False,
        created_at=call.now,
        updated_at=call.now,
    )
    roster.add(role)
    roster.changed()
    return {"Role": _shown_whole(role)}


def _get(call: Call) -> Answer:
    return {"Role": _shown_whole(the(roster_of(call), RamRole, call[ROLE_NAME]))}


def _update(call: Call) -> Answer:
    roster = roster_of(call)
    role = changeable(roster, RamRole, call[ROLE_NAME])
    if (trust := call[NEW_TRUST]) is not None:
        role.trust = trust
    if (description := call[NEW_DESCRIPTION]) is not None:
        role.description = description
    if (seconds := call[NEW_MAX_SESSION]) is not None:
        role.max_session = seconds
    role.updated_at = call.now
    roster.changed()
    return {"Role": _shown_whole(role)}


def _delete(call: Call) -> Answer:
    """Its sessions end with it."""
    roster = roster_of(call)
    role = changeable(roster, RamRole, call[ROLE_NAME])
    if roster.attachments_of(Kind.ROLE, role.name):
        raise refusals.still_has("Role", "Policy")
    revoke_sessions(call.connection, role)
    roster.remove(role)
    roster.changed()
    return {}


def _list(call: Call) -> Answer:
    roles = roster_of(call).page(RamRole, call[MARKER], call[MAX] + 1)
    return page(call, ("Roles", "Role"), [(role.name, _shown(role)) for role in roles])


def _revoke(call: Call) -> Answer:
    roster = roster_of(call)
    ended = revoke_sessions(call.connection, the(roster, RamRole, call[ROLE_NAME]))
    roster.changed()
    return {"RevokedSessions": ended}


ACTIONS = (
    Action(
        name="CreateRole",
        parameters=(ROLE_NAME, TRUST, DESCRIPTION, MAX_SESSION, NO_TAGS),
        target=about("role", ROLE_NAME),
        check=lambda call: _check_trust(call, TRUST),
        act=_create,
        is_write=True,
        told=_told,
    ),
    Action(
        name="GetRole",
        parameters=(ROLE_NAME,),
        target=about("role", ROLE_NAME),
        act=_get,
        is_write=False,
    ),
    Action(
        name="UpdateRole",
        parameters=(ROLE_NAME, NEW_TRUST, NEW_DESCRIPTION, NEW_MAX_SESSION),
        target=about("role", ROLE_NAME),
        check=lambda call: _check_trust(call, NEW_TRUST),
        act=_update,
        is_write=True,
        told=_told,
    ),
    Action(
        name="DeleteRole",
        parameters=(ROLE_NAME,),
        target=about("role", ROLE_NAME),
        act=_delete,
        is_write=True,
    ),
    Action(
        name="ListRoles",
        parameters=(MARKER, MAX, NO_TAGS),
        target=about("role"),
        act=_list,
        is_write=False,
    ),
    Action(
        name="RevokeRoleSessions",
        parameters=(ROLE_NAME,),
        target=about("role", ROLE_NAME),
        act=_revoke,
        is_write=True,
    ),
)
