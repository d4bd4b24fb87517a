# SPDX-License-Identifier: Apache-2.0
"""CreateGroup, GetGroup, UpdateGroup, DeleteGroup, ListGroups."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.ram.named import changeable, insist_on_new, insist_on_room, the
from sidecar.kms.api.ram.parameters import (
    COMMENTS,
    GROUP_NAME,
    MARKER,
    MAX,
    NEW_GROUP_NAME,
    about,
    about_both,
    page,
    roster_of,
)
from sidecar.kms.api.ram.users import NEW_COMMENTS
from sidecar.kms.ram import refusals
from sidecar.kms.ram.names import Kind, new_id
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.store.ram_tables import RamGroup


def _shown(group: RamGroup) -> dict[str, object]:
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Comments": group.comments,
        "CreateDate": timestamp(group.created_at),
        "UpdateDate": timestamp(group.updated_at),
    }


def _create(call: Call) -> Answer:
    roster = roster_of(call)
    insist_on_room(roster, RamGroup, call[GROUP_NAME])
    group = RamGroup(
        account=roster.account,
        name=call[GROUP_NAME],
        id=f"g-{new_id()}",
        comments=call[COMMENTS],
        is_seeded=False,
        created_at=call.now,
        updated_at=call.now,
    )
    roster.add(group)
    roster.changed()
    return {"Group": _shown(group)}


def _get(call: Call) -> Answer:
    return {"Group": _shown(the(roster_of(call), RamGroup, call[GROUP_NAME]))}


def _update(call: Call) -> Answer:
    roster = roster_of(call)
    group = changeable(roster, RamGroup, call[GROUP_NAME])
    new = call[NEW_GROUP_NAME] or group.name
    if new != group.name:
        insist_on_new(roster, RamGroup, new)
        roster.rename_group(group, new)
    if (comments := call[NEW_COMMENTS]) is not None:
        group.comments = comments
    group.updated_at = call.now
    roster.changed()
    return {"Group": _shown(group)}


def _delete(call: Call) -> Answer:
    roster = roster_of(call)
    group = changeable(roster, RamGroup, call[GROUP_NAME])
    if roster.members_of(group.name):
        raise refusals.still_has("Group", "User")
    if roster.attachments_of(Kind.GROUP, group.name):
        raise refusals.still_has("Group", "Policy")
    roster.remove(group)
    roster.changed()
    return {}


def _list(call: Call) -> Answer:
    groups = roster_of(call).page(RamGroup, call[MARKER], call[MAX] + 1)
    return page(call, ("Groups", "Group"), [(group.name, _shown(group)) for group in groups])


ACTIONS = (
    Action(
        name="CreateGroup",
        parameters=(GROUP_NAME, COMMENTS),
        target=about("group", GROUP_NAME),
        act=_create,
        is_write=True,
    ),
    Action(
        name="GetGroup",
        parameters=(GROUP_NAME,),
        target=about("group", GROUP_NAME),
        act=_get,
        is_write=False,
    ),
    Action(
        name="UpdateGroup",
        parameters=(GROUP_NAME, NEW_GROUP_NAME, NEW_COMMENTS),
        target=about_both("group", GROUP_NAME, NEW_GROUP_NAME),
        act=_update,
        is_write=True,
    ),
    Action(
        name="DeleteGroup",
        parameters=(GROUP_NAME,),
        target=about("group", GROUP_NAME),
        act=_delete,
        is_write=True,
    ),
    Action(
        name="ListGroups",
        parameters=(MARKER, MAX),
        target=about("group"),
        act=_list,
        is_write=False,
    ),
)
