# SPDX-License-Identifier: Apache-2.0
"""How tags are written in requests, and which there may be."""

import json
import re
from collections.abc import Callable, Mapping

from sidecar.kms.faults import Fault
from sidecar.kms.store import Tags

MAX_TAGS = 20
"""In a call, and on a resource."""

_WORD = re.compile(r"[A-Za-z0-9/\\_.+=:@-]{1,128}", re.ASCII)
_RESERVED = ("aliyun", "acs:")


def tag_name(text: str) -> str:
    """Read the key of a tag; raise ValueError."""
    if not _WORD.fullmatch(text) or text.startswith(_RESERVED):
        raise ValueError
    return text


def read_tags(key: str, value: str) -> Callable[[str], dict[str, str]]:
    """A reader of `[{"<key>": …, "<value>": …}, …]`; a tag without a value has an empty one."""

    def read(text: str) -> dict[str, str]:
        tags: dict[str, str] = {}
        for entry in _list(text):
            if not isinstance(entry, dict) or not {key} <= set(entry) <= {key, value}:
                raise ValueError
            name = tag_name(_text(entry[key]))
            if name in tags:
                raise ValueError
            tags[name] = _value(_text(entry.get(value, "")))
        return tags

    return read


def read_names(text: str) -> list[str]:
    """Read the keys of tags: `["a","b"]` or `a,b`."""
    names = _list(text) if text.startswith("[") else text.split(",")
    if not 0 < len(names) <= MAX_TAGS:
        raise ValueError
    return [tag_name(_text(name)) for name in names]


def check_tags(tags: Tags, resource_id: str, added: Mapping[str, str]) -> None:
    """Raise Fault where the resource would have more tags than it may."""
    if len(tags.of(resource_id) | dict(added)) > MAX_TAGS:
        raise Fault.limit_exceeded()


def _value(text: str) -> str:
    if text and not _WORD.fullmatch(text):
        raise ValueError
    return text


def _list(text: str) -> list[object]:
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError from error
    if not isinstance(value, list) or len(value) > MAX_TAGS:
        raise ValueError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - what readers raise
    return value
