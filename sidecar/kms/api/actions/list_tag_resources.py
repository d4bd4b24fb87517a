# SPDX-License-Identifier: Apache-2.0
"""ListTagResources: CMKs and their tags, narrowed to some CMKs or to some tags (all must be there).

At most 200 tags an answer; NextToken asks for those behind them.
"""

import base64
import json

from sqlalchemy import ColumnElement, select

from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.api.parameters import Parameter, json_list, stored_text
from sidecar.kms.api.tagging import RESOURCE_TYPE, keys_only
from sidecar.kms.api.targets import all_keys, the_keys
from sidecar.kms.service.ciphertext import strict_base64
from sidecar.kms.service.names import resource_ids
from sidecar.kms.service.tagging import read_tags
from sidecar.kms.store import KEY, ResourceTag, Tag

MAX_ENTRIES = 200


def read_token(text: str) -> tuple[str, str]:
    """Read a NextToken: the last tag that was told; raise ValueError."""
    resource_id, name = json_list(strict_base64(text).decode())
    return stored_text(resource_id), stored_text(name)


RESOURCE_IDS: Parameter[list[str]] = Parameter(
    "ResourceId", resource_ids, default=[], is_repeated=True, audited=True
)
TAGS: Parameter[dict[str, str]] = Parameter(
    "Tag", read_tags("Key", "Value"), default={}, is_repeated=True
)
NEXT_TOKEN: Parameter[tuple[str, str]] = Parameter("NextToken", read_token, default=("", ""))


def target(call: Call) -> Target:
    return the_keys(call, RESOURCE_IDS) if call[RESOURCE_IDS] else all_keys(call)


def act(call: Call) -> Answer:
    where = [_has(call, name, value) for name, value in call[TAGS].items()]
    if call[RESOURCE_IDS]:
        where.append(ResourceTag.resource_id.in_(call[RESOURCE_IDS]))
    tags = call.shelf.tags.page(where, call[NEXT_TOKEN], MAX_ENTRIES + 1)
    told = tags[:MAX_ENTRIES]
    return {
        "NextToken": _token(told[-1]) if len(tags) > MAX_ENTRIES else "",
        "TagResources": {"TagResource": [_entry(tag) for tag in told]},
    }


def _has(call: Call, name: str, value: str) -> ColumnElement[bool]:
    """Whether the resource of a tag has this one; without a value, whether it has one so named."""
    having = select(ResourceTag.resource_id).where(
        ResourceTag.account == call.place.account,
        ResourceTag.region == call.place.region,
        ResourceTag.kind == KEY,
        ResourceTag.name == name,
    )
    return ResourceTag.resource_id.in_(
        having.where(ResourceTag.value == value) if value else having
    )


def _entry(tag: Tag) -> dict[str, str]:
    return {
        "ResourceId": tag.resource_id,
        "ResourceType": KEY,
        "TagKey": tag.name,
        "TagValue": tag.value,
    }


def _token(last: Tag) -> str:
    return base64.b64encode(json.dumps([last.resource_id, last.name]).encode()).decode()


ACTION = Action(
    name="ListTagResources",
    parameters=(RESOURCE_TYPE, RESOURCE_IDS, TAGS, NEXT_TOKEN),
    target=target,
    check=keys_only,
    act=act,
    is_write=False,
)
