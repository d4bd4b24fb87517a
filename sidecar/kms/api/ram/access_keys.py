# SPDX-License-Identifier: Apache-2.0
"""CreateAccessKey, ListAccessKeys, UpdateAccessKey, DeleteAccessKey.

Without UserName they are about the caller's own. The secret is told once, by CreateAccessKey; what
is kept of it is sealed under the root key of the HSM's token.
"""

from collections.abc import Mapping

from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.api.ram.named import the
from sidecar.kms.api.ram.parameters import ACCESS_KEY_ID, MAYBE_USER_NAME, STATUS, roster_of
from sidecar.kms.faults import Fault
from sidecar.kms.ram import refusals
from sidecar.kms.ram.directory import secret_purpose
from sidecar.kms.ram.names import arn_of, new_access_key_id, new_secret
from sidecar.kms.ram.roster import Roster
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.service.sealing import seal
from sidecar.kms.store.ram_tables import RamAccessKey, RamUser

MAX_ACCESS_KEYS = 2


def _user_name(call: Call) -> str:
    """Whose keys are meant."""
    if (named := call[MAYBE_USER_NAME]) is not None:
        return named
    if call.caller is None or call.caller.session is not None:
        raise Fault.missing_parameter(MAYBE_USER_NAME.name)
    return call.caller.name


def _the_user(call: Call) -> Target:
    return Target((arn_of(call.place.account, "user", _user_name(call)),))


def _the_key(call: Call, roster: Roster) -> RamAccessKey:
    key = roster.find_access_key(call[ACCESS_KEY_ID])
    if key is None or (key.account, key.user) != (roster.account, _user_name(call)):
        raise refusals.not_there("User.AccessKey")
    return key


def _shown(key: RamAccessKey) -> dict[str, object]:
    return {
        "AccessKeyId": key.id,
        "Status": "Active" if key.is_active else "Inactive",
        "CreateDate": timestamp(key.created_at),
    }


def _create(call: Call) -> Answer:
    roster = roster_of(call)
    user = the(roster, RamUser, _user_name(call))
    if len(roster.access_keys(user.name)) >= MAX_ACCESS_KEYS:
        raise refusals.too_many("User.AccessKey")
    key_id, secret = new_access_key_id(), new_secret()
    key = RamAccessKey(
        id=key_id,
        account=roster.account,
        user=user.name,
        sealed_secret=seal(call.token, secret.encode(), secret_purpose(key_id)),
        is_active=True,
        is_seeded=False,
        created_at=call.now,
    )
    roster.add(key)
    roster.changed()
    return {"AccessKey": {**_shown(key), "AccessKeySecret": secret}}


def _told(answer: Answer) -> Mapping[str, str]:
    made = answer["AccessKey"]
    return {"AccessKeyId": str(made["AccessKeyId"])} if isinstance(made, dict) else {}


def _list(call: Call) -> Answer:
    roster = roster_of(call)
    user = the(roster, RamUser, _user_name(call))
    return {"AccessKeys": {"AccessKey": [_shown(key) for key in roster.access_keys(user.name)]}}


def _update(call: Call) -> Answer:
    """Also of a key that stands in kms.yaml: one that was stolen cannot wait for a restart."""
    roster = roster_of(call)
    _the_key(call, roster).is_active = call[STATUS] == "Active"
    roster.changed()
    return {}


def _delete(call: Call) -> Answer:
    roster = roster_of(call)
    key = _the_key(call, roster)
    if key.is_seeded:
        raise refusals.seeded("User.AccessKey")
    roster.remove(key)
    roster.changed()
    return {}


ACTIONS = (
    Action(
        name="CreateAccessKey",
        parameters=(MAYBE_USER_NAME,),
        target=_the_user,
        act=_create,
        is_write=True,
        told=_told,
    ),
    Action(
        name="ListAccessKeys",
        parameters=(MAYBE_USER_NAME,),
        target=_the_user,
        act=_list,
        is_write=False,
    ),
    Action(
        name="UpdateAccessKey",
        parameters=(MAYBE_USER_NAME, ACCESS_KEY_ID, STATUS),
        target=_the_user,
        act=_update,
        is_write=True,
    ),
    Action(
        name="DeleteAccessKey",
        parameters=(MAYBE_USER_NAME, ACCESS_KEY_ID),
        target=_the_user,
        act=_delete,
        is_write=True,
    ),
)
