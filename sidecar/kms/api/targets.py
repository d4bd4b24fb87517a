# SPDX-License-Identifier: Apache-2.0
"""What calls are about, and the parameters that say so.

RAM is asked about the *key* even when an alias was given, and about the alias where it names
nothing. A CMK of another account is there for those whom its own policy names, by its ARN or by its
ciphertexts; for everybody else it is refused, whether it exists or not.
"""

import dataclasses
from collections.abc import Callable

from sidecar.kms.api.action import Call, Target
from sidecar.kms.api.parameters import Parameter, one_of
from sidecar.kms.faults import Fault
from sidecar.kms.service.ciphertext import Blob, parse_blob, strict_base64
from sidecar.kms.service.importing import as_of
from sidecar.kms.service.key_policy import parse_key_policy
from sidecar.kms.service.names import (
    KeyName,
    Place,
    alias_name,
    key_name,
    new_alias_name,
    resource_ids,
)
from sidecar.kms.service.rotation import read_interval
from sidecar.kms.store import Cmk, Shelf

KEY_ID = Parameter("KeyId", key_name, audited=True)
OPTIONAL_KEY_ID: Parameter[KeyName | None] = Parameter(
    KEY_ID.name, key_name, default=None, audited=True
)
POLICY_NAME = Parameter("PolicyName", one_of("default"), default="default", audited=True)
ROTATION_INTERVAL: Parameter[int | None] = Parameter(
    "RotationInterval", read_interval, default=None, audited=True
)
ALIAS_NAME = Parameter("AliasName", alias_name, audited=True)
RESOURCE_IDS = Parameter("ResourceId", resource_ids, is_repeated=True, audited=True)
NEW_ALIAS_NAME = Parameter("AliasName", new_alias_name, audited=True)
CIPHERTEXT_BLOB = Parameter("CiphertextBlob", lambda text: parse_blob(strict_base64(text)))


def all_keys(call: Call) -> Target:
    """The container of CMKs: CreateKey, ListKeys."""
    return Target((call.place.keys,))


def everything(call: Call) -> Target:
    """The service as a whole."""
    return Target((call.place.everything,))


def all_aliases(call: Call) -> Target:
    """The container of aliases: ListAliases."""
    return Target((call.place.aliases,))


def the_key(call: Call) -> Target:
    """The CMK that KeyId names by id, alias or ARN."""
    return named(call, call[KEY_ID])


def named(call: Call, asked: KeyName) -> Target:
    """The CMK that a parameter names by id, alias or ARN."""
    if (foreign := _find_foreign(call, asked)) is not None:
        return foreign
    name = _in_own_account(call, asked)
    if not name.is_alias:
        return _by_id(call, name)
    label = call.shelf.find_alias(name.name) if name.place in (None, call.place) else None
    if label is None:
        place = name.place or call.place
        return Target((place.alias(name.name),), missing=Fault.alias_not_found())
    return _by_id(call, KeyName(label.key_id))


def the_key_by_id(call: Call) -> Target:
    """The CMK that KeyId names by id or ARN; management calls take no alias."""
    return _of_key(call, call[KEY_ID])


def _of_key(call: Call, name: KeyName) -> Target:
    name = _in_own_account(call, name)
    if name.is_alias:
        raise Fault(400, "Unsupported.Alias", "Alias is not valid for this api.")
    return _by_id(call, name)


def the_keys(call: Call, ids: Parameter[list[str]]) -> Target:
    """Every CMK that `ids` names: RAM is asked about each."""
    first, *others = (_by_id(call, KeyName(key_id)) for key_id in call[ids])
    also: Target | None = None
    for one in reversed(others):
        also = dataclasses.replace(one, also=also)
    return dataclasses.replace(first, also=also)


def the_named_key(call: Call, name: KeyName | None, parameter: Parameter[KeyName | None]) -> Target:
    """The CMK of this name; `parameter` is what is missing where there is none."""
    if name is None:
        raise Fault.missing_parameter(parameter.name)
    return _of_key(call, name)


def the_alias_and_key(alias: Parameter[str]) -> Callable[[Call], Target]:
    """An alias and the CMK that KeyId names: RAM is asked about both."""

    def target(call: Call) -> Target:
        key = the_key_by_id(call)
        return Target((call.place.alias(call[alias]), *key.resources), key.cmk, key.missing)

    return target


def the_alias_and_both_keys(call: Call) -> Target:
    """An alias, the CMK that it is to name and the one that it names: RAM is asked about all."""
    target = the_alias_and_key(ALIAS_NAME)(call)
    label = call.shelf.find_alias(call[ALIAS_NAME])
    if label is None:
        return target
    return dataclasses.replace(target, also=_by_id(call, KeyName(label.key_id)))


def the_alias_and_its_key(call: Call) -> Target:
    """An existing alias and the CMK that it names: RAM is asked about both."""
    name = call[ALIAS_NAME]
    label = call.shelf.find_alias(name)
    if label is None:
        return Target((call.place.alias(name),), missing=Fault.alias_not_found())
    key = _by_id(call, KeyName(label.key_id))
    return Target((call.place.alias(name), *key.resources), key.cmk, key.missing)


def the_key_of_the_blob(call: Call) -> Target:
    """The CMK whose version encrypted the CiphertextBlob."""
    return key_of_blob(call, call[CIPHERTEXT_BLOB])


def key_of_blob(call: Call, blob: Blob) -> Target:
    """The CMK whose version encrypted `blob`."""
    cmk = _as_of(call, call.shelf.find_key_of_version(blob.version_id))
    cmk = cmk or _find_foreign_of_version(call, blob.version_id)
    if cmk is None:
        # The same answer as for a blob that does not decrypt: no oracle for version ids.
        raise Fault.invalid_parameter(CIPHERTEXT_BLOB.name)
    return Target((Place(cmk.region, cmk.account).key(cmk.key_id),), cmk)


def _find_foreign(call: Call, name: KeyName) -> Target | None:
    """A CMK of another account, by its ARN, where its policy names the caller."""
    place = name.place
    if place is None or place.account == call.place.account or name.is_alias:
        return None
    if place.region != call.place.region or place.account not in call.directory.accounts:
        return None
    cmk = Shelf(call.connection, place.account, place.region).find_key(name.name)
    if cmk is None or not _is_named(call, cmk):
        return None
    return Target((place.key(cmk.key_id),), _as_of(call, cmk))


def _find_foreign_of_version(call: Call, version_id: str) -> Cmk | None:
    for account in call.directory.accounts:
        if account != call.place.account:
            shelf = Shelf(call.connection, account, call.place.region)
            cmk = shelf.find_key_of_version(version_id)
            if cmk is not None:
                return _as_of(call, cmk) if _is_named(call, cmk) else None
    return None


def _is_named(call: Call, cmk: Cmk) -> bool:
    """Whether the CMK's policy says anything about the caller."""
    if not cmk.policy or call.caller is None:
        return False
    names = call.caller.names
    return any(one.is_for(names) for one in parse_key_policy(cmk.policy).statements)


def _in_own_account(call: Call, name: KeyName) -> KeyName:
    place = name.place
    if place is not None and place.account != call.place.account:
        arn = place.alias(name.name) if name.is_alias else place.key(name.name)
        raise Fault.no_permission(arn)
    return name


def _as_of(call: Call, cmk: Cmk | None) -> Cmk | None:
    """The CMK as it stands now: material that has expired is not there, even before it is swept."""
    return cmk and as_of(cmk, call.now)


def _by_id(call: Call, name: KeyName) -> Target:
    place = name.place or call.place
    cmk = _as_of(call, call.shelf.find_key(name.name)) if place == call.place else None
    return Target((place.key(name.name),), cmk, None if cmk else Fault.key_not_found())
