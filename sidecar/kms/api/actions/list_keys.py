# SPDX-License-Identifier: Apache-2.0
"""ListKeys: the CMKs of the account, page by page, narrowed by Filters.

Filters is a JSON array of at most ten `{"Key": …, "Values": [… ]}`: every filter must hold (AND),
any of its values will do (OR).
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import ColumnElement, false, select, true

from sidecar.kms.api import paging
from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, json_list, stored_text
from sidecar.kms.api.targets import all_keys
from sidecar.kms.store import KEY, Alias, Key, ResourceTag

MAX_FILTERS = 10
MAX_VALUES = 100
PAGE_SIZE = paging.page_size(1, 100)


def _tagged(where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a CMK has such a tag."""
    tagged = select(ResourceTag.resource_id).where(
        ResourceTag.account == Key.account,
        ResourceTag.region == Key.region,
        ResourceTag.kind == KEY,
        where,
    )
    return Key.key_id.in_(tagged)


class Filter(NamedTuple):
    """One filter as it was given."""

    key: str
    values: list[str]


type Condition = Callable[[list[str]], ColumnElement[bool]]

CONDITIONS: dict[str, Condition] = {
    "KeyState": Key.state.in_,
    "KeySpec": Key.key_spec.in_,
    "KeyUsage": Key.key_usage.in_,
    "ProtectionLevel": Key.protection_level.in_,
    "Creator": Key.creator.in_,
    "keyId": Key.key_id.in_,
    "KeyId": Key.key_id.in_,
    "CreatorType": lambda values: true() if "User" in values else false(),
    "AliasName": lambda values: Key.key_id.in_(
        select(Alias.key_id).where(
            Alias.account == Key.account, Alias.region == Key.region, Alias.name.in_(values)
        )
    ),
    "DKMSInstanceId": lambda _: false(),  # no CMK here stands in an instance
    "TagKey": lambda values: _tagged(ResourceTag.name.in_(values)),
    "TagValue": lambda values: _tagged(ResourceTag.value.in_(values)),
}


def read_filters(text: str) -> list[Filter]:
    """Read the Filters parameter; raise ValueError."""
    filters = [_filter(entry) for entry in json_list(text)]
    if len(filters) > MAX_FILTERS:
        raise ValueError
    return filters


def _filter(entry: object) -> Filter:
    if not isinstance(entry, dict) or set(entry) != {"Key", "Values"}:
        raise ValueError
    key, values = entry["Key"], entry["Values"]
    if not isinstance(key, str) or key not in CONDITIONS:
        raise ValueError
    if not isinstance(values, list) or len(values) > MAX_VALUES:
        raise ValueError
    return Filter(key, [stored_text(value) for value in values])


FILTERS: Parameter[list[Filter]] = Parameter("Filters", read_filters, default=[])


def act(call: Call) -> Answer:
    where = [CONDITIONS[f.key](f.values) for f in call[FILTERS]]
    cmks = call.shelf.list_keys(paging.offset(call, PAGE_SIZE), call[PAGE_SIZE], where)
    return paging.page(
        call,
        PAGE_SIZE,
        call.shelf.count_keys(where),
        ("Keys", "Key"),
        [{"KeyId": cmk.key_id, "KeyArn": call.place.key(cmk.key_id)} for cmk in cmks],
    )


ACTION = Action(
    name="ListKeys",
    parameters=(paging.PAGE_NUMBER, PAGE_SIZE, FILTERS),
    target=all_keys,
    act=act,
    is_write=False,
)
