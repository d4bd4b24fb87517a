# SPDX-License-Identifier: Apache-2.0
"""CreateGroup, GetGroup, UpdateGroup, DeleteGroup, ListGroups, and who is in which."""

from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.api.ram.parameters import (
    COMMENTS,
    GROUP_NAME,
    MARKER,
    MAX,
    NEW_GROUP_NAME,
    USER_NAME,
    about,
    about_both,
    page,
    roster_of,
)
from sidecar.kms.api.ram.users import NEW_COMMENTS, the_user
from sidecar.kms.ram import refusals
from sidecar.kms.ram.names import Kind, arn_of, new_id
from sidecar.kms.ram.roster import Roster
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.store.ram_tables import RamGroup, RamMember, RamUser

MAX_GROUPS = 50


def the_group(roster: Roster, name: str) -> RamGroup:
    """Raise Fault where there is none."""
    group = roster.find(RamGroup, name)
    if group is None:
        raise refusals.not_there("Group")
    return group


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
    if roster.find(RamGroup, call[GROUP_NAME]):
        raise refusals.there_already("Group")
    if roster.count(RamGroup) >= MAX_GROUPS:
        raise refusals.too_many("Group")
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
    return {"Group": _shown(the_group(roster_of(call), call[GROUP_NAME]))}


def _update(call: Call) -> Answer:
    roster = roster_of(call)
    group = the_group(roster, call[GROUP_NAME])
    if group.is_seeded:
        raise refusals.seeded("Group")
    new = call[NEW_GROUP_NAME] or group.name
    if new != group.name:
        if roster.find(RamGroup, new):
            raise refusals.there_already("Group")
        roster.rename_group(group, new)
    if (comments := call[NEW_COMMENTS]) is not None:
        group.comments = comments
    group.updated_at = call.now
    roster.changed()
    return {"Group": _shown(group)}


def _delete(call: Call) -> Answer:
    roster = roster_of(call)
    group = the_group(roster, call[GROUP_NAME])
    if group.is_seeded:
        raise refusals.seeded("Group")
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


def _the_user_and_group(call: Call) -> Target:
    account = call.place.account
    user, group = arn_of(account, "user", call[USER_NAME]), call[GROUP_NAME]
    return Target((user, arn_of(account, "group", group)))


def _find_member(call: Call, roster: Roster) -> RamMember | None:
    group, user = the_group(roster, call[GROUP_NAME]), the_user(roster, call[USER_NAME])
    return next((one for one in roster.members_of(group.name) if one.user == user.name), None)


def _add(call: Call) -> Answer:
    roster = roster_of(call)
    if _find_member(call, roster):
        raise refusals.there_already("User.Group")
    roster.add(
        RamMember(
            account=roster.account,
            group=call[GROUP_NAME],
            user=call[USER_NAME],
            is_seeded=False,
            created_at=call.now,
        )
    )
    roster.changed()
    return {}


def _remove(call: Call) -> Answer:
    roster = roster_of(call)
    member = _find_member(call, roster)
    if member is None:
        raise refusals.not_there("User.Group")
    if member.is_seeded:
        raise refusals.seeded("User.Group")
    roster.remove(member)
    roster.changed()
    return {}


def _list_users(call: Call) -> Answer:
    roster = roster_of(call)
    group = the_group(roster, call[GROUP_NAME])
    members = [one for one in roster.members_of(group.name) if one.user > call[MARKER]]
    shown = [
        (
            one.user,
            {
                "UserName": one.user,
                "DisplayName": the_user(roster, one.user).display_name,
                "JoinDate": timestamp(one.created_at),
            },
        )
        for one in members
    ]
    return page(call, ("Users", "User"), shown)


def _list_groups(call: Call) -> Answer:
    roster = roster_of(call)
    user: RamUser = the_user(roster, call[USER_NAME])
    shown = [
        {
            **{name: _shown(group)[name] for name in ("GroupId", "GroupName", "Comments")},
            "JoinDate": timestamp(member.created_at),
        }
        for member in roster.groups_of(user.name)
        if (group := roster.find(RamGroup, member.group)) is not None
    ]
    return {"Groups": {"Group": shown}}


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
    Action(
        name="AddUserToGroup",
        parameters=(USER_NAME, GROUP_NAME),
        target=_the_user_and_group,
        act=_add,
        is_write=True,
    ),
    Action(
        name="RemoveUserFromGroup",
        parameters=(USER_NAME, GROUP_NAME),
        target=_the_user_and_group,
        act=_remove,
        is_write=True,
    ),
    Action(
        name="ListUsersForGroup",
        parameters=(GROUP_NAME, MARKER, MAX),
        target=about("group", GROUP_NAME),
        act=_list_users,
        is_write=False,
    ),
    Action(
        name="ListGroupsForUser",
        parameters=(USER_NAME,),
        target=about("user", USER_NAME),
        act=_list_groups,
        is_write=False,
    ),
)
