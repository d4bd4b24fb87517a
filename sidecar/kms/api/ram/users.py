# SPDX-License-Identifier: Apache-2.0
"""CreateUser, GetUser, UpdateUser, DeleteUser, ListUsers."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, text_up_to
from sidecar.kms.api.ram.named import changeable, insist_on_new, insist_on_room, the
from sidecar.kms.api.ram.parameters import (
    COMMENTS,
    DISPLAY_NAME,
    MARKER,
    MAX,
    MAX_COMMENTS,
    NEW_USER_NAME,
    NOT_KEPT,
    USER_NAME,
    about,
    about_both,
    page,
    roster_of,
)
from sidecar.kms.ram import refusals
from sidecar.kms.ram.names import Kind, new_id
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.store.ram_tables import RamUser

NEW_DISPLAY_NAME = Parameter("NewDisplayName", text_up_to(MAX_COMMENTS), default=None)
NEW_COMMENTS = Parameter("NewComments", text_up_to(MAX_COMMENTS), default=None)
NEW_NOT_KEPT = tuple(
    Parameter(f"New{parameter.name}", parameter.read, default="") for parameter in NOT_KEPT
)


def _shown(user: RamUser) -> dict[str, object]:
    return {
        "UserId": user.id,
        "UserName": user.name,
        "DisplayName": user.display_name,
        "Comments": user.comments,
        "CreateDate": timestamp(user.created_at),
        "UpdateDate": timestamp(user.updated_at),
    }


def _create(call: Call) -> Answer:
    roster = roster_of(call)
    insist_on_room(roster, RamUser, call[USER_NAME])
    user = RamUser(
        account=roster.account,
        name=call[USER_NAME],
        id=new_id(),
        display_name=call[DISPLAY_NAME] or call[USER_NAME],
        comments=call[COMMENTS],
        is_seeded=False,
        created_at=call.now,
        updated_at=call.now,
    )
    roster.add(user)
    roster.changed()
    return {"User": _shown(user)}


def _get(call: Call) -> Answer:
    return {"User": _shown(the(roster_of(call), RamUser, call[USER_NAME]))}


def _update(call: Call) -> Answer:
    roster = roster_of(call)
    user = changeable(roster, RamUser, call[USER_NAME])
    new = call[NEW_USER_NAME] or user.name
    if new != user.name:
        insist_on_new(roster, RamUser, new)
        roster.rename_user(user, new)
    if (display_name := call[NEW_DISPLAY_NAME]) is not None:
        user.display_name = display_name
    if (comments := call[NEW_COMMENTS]) is not None:
        user.comments = comments
    user.updated_at = call.now
    roster.changed()
    return {"User": _shown(user)}


def _delete(call: Call) -> Answer:
    roster = roster_of(call)
    user = changeable(roster, RamUser, call[USER_NAME])
    for what, there in (
        ("AccessKey", roster.access_keys(user.name)),
        ("Group", roster.groups_of(user.name)),
        ("Policy", roster.attachments_of(Kind.USER, user.name)),
    ):
        if there:
            raise refusals.still_has("User", what)
    roster.remove(user)
    roster.changed()
    return {}


def _list(call: Call) -> Answer:
    users = roster_of(call).page(RamUser, call[MARKER], call[MAX] + 1)
    return page(call, ("Users", "User"), [(user.name, _shown(user)) for user in users])


ACTIONS = (
    Action(
        name="CreateUser",
        parameters=(USER_NAME, DISPLAY_NAME, COMMENTS, *NOT_KEPT),
        target=about("user", USER_NAME),
        act=_create,
        is_write=True,
    ),
    Action(
        name="GetUser",
        parameters=(USER_NAME,),
        target=about("user", USER_NAME),
        act=_get,
        is_write=False,
    ),
    Action(
        name="UpdateUser",
        parameters=(USER_NAME, NEW_USER_NAME, NEW_DISPLAY_NAME, NEW_COMMENTS, *NEW_NOT_KEPT),
        target=about_both("user", USER_NAME, NEW_USER_NAME),
        act=_update,
        is_write=True,
    ),
    Action(
        name="DeleteUser",
        parameters=(USER_NAME,),
        target=about("user", USER_NAME),
        act=_delete,
        is_write=True,
    ),
    Action(
        name="ListUsers",
        parameters=(MARKER, MAX),
        target=about("user"),
        act=_list,
        is_write=False,
    ),
)
