# SPDX-License-Identifier: Apache-2.0
"""AddUserToGroup, RemoveUserFromGroup, ListUsersForGroup, ListGroupsForUser."""

from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.api.ram.named import the
from sidecar.kms.api.ram.parameters import (
    GROUP_NAME,
    MARKER,
    MAX,
    USER_NAME,
    about,
    page,
    roster_of,
)
from sidecar.kms.ram import refusals
from sidecar.kms.ram.names import arn_of
from sidecar.kms.ram.roster import Roster
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.store.ram_tables import RamGroup, RamMember, RamUser


def _the_user_and_group(call: Call) -> Target:
    account = call.place.account
    user, group = arn_of(account, "user", call[USER_NAME]), call[GROUP_NAME]
    return Target((user, arn_of(account, "group", group)))


def _find_member(call: Call, roster: Roster) -> RamMember | None:
    group = the(roster, RamGroup, call[GROUP_NAME])
    user = the(roster, RamUser, call[USER_NAME])
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
    group = the(roster, RamGroup, call[GROUP_NAME])
    members = [one for one in roster.members_of(group.name) if one.user > call[MARKER]]
    shown = [
        (
            one.user,
            {
                "UserName": one.user,
                "DisplayName": the(roster, RamUser, one.user).display_name,
                "JoinDate": timestamp(one.created_at),
            },
        )
        for one in members
    ]
    return page(call, ("Users", "User"), shown)


def _list_groups(call: Call) -> Answer:
    roster = roster_of(call)
    user = the(roster, RamUser, call[USER_NAME])
    shown = [
        {
            "GroupId": group.id,
            "GroupName": group.name,
            "Comments": group.comments,
            "JoinDate": timestamp(member.created_at),
        }
        for member in roster.groups_of(user.name)
        if (group := roster.find(RamGroup, member.group)) is not None
    ]
    return {"Groups": {"Group": shown}}


ACTIONS = (
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
