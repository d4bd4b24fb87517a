# SPDX-License-Identifier: Apache-2.0
"""How callers name things: key ids, aliases and ARNs, and the ARNs that policies are asked about.

A name is checked before anything is done with it. Nothing here reads the store.
"""

import json
import re
from dataclasses import dataclass
from typing import NamedTuple

ALIAS_PREFIX = "alias/"
RESERVED_ALIAS_PREFIX = "alias/acs"
MAX_ALIAS = 255
"""Characters, the prefix included."""
MAX_RESOURCES = 50
"""In one call."""

_KEY_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_ALIAS = re.compile(r"alias/[A-Za-z0-9_/-]+")
_ARN = re.compile(r"acs:kms:([a-z0-9-]{1,32}):([0-9]{1,32}):(.+)", re.DOTALL)


class Place(NamedTuple):
    """An account in a region: the world in which ids and aliases are looked up."""

    region: str
    account: str

    def key(self, key_id: str) -> str:
        """The ARN of a CMK."""
        return f"acs:kms:{self.region}:{self.account}:key/{key_id}"

    def alias(self, name: str) -> str:
        """The ARN of an alias; `name` begins with `alias/`."""
        return f"acs:kms:{self.region}:{self.account}:{name}"

    def certificate(self, certificate_id: str) -> str:
        """The ARN of a certificate."""
        return f"acs:kms:{self.region}:{self.account}:certificate/{certificate_id}"

    @property
    def keys(self) -> str:
        """The ARN of the container of all CMKs."""
        return f"acs:kms:{self.region}:{self.account}:key"

    @property
    def aliases(self) -> str:
        """The ARN of the container of all aliases."""
        return f"acs:kms:{self.region}:{self.account}:alias"

    @property
    def certificates(self) -> str:
        """The ARN of the container of all certificates."""
        return f"acs:kms:{self.region}:{self.account}:certificate"

    @property
    def everything(self) -> str:
        """What policies are asked about where a call is about the service as a whole."""
        return f"acs:kms:{self.region}:{self.account}:*"


@dataclass(frozen=True, slots=True)
class KeyName:
    """What a KeyId parameter may hold: an id or an alias, of this place or of a named one."""

    name: str
    place: Place | None = None

    @property
    def is_alias(self) -> bool:
        return self.name.startswith(ALIAS_PREFIX)


def key_name(text: str) -> KeyName:
    """Read a KeyId parameter; raise ValueError."""
    place = None
    arn = _ARN.fullmatch(text)
    if arn:
        place, text = Place(arn[1], arn[2]), arn[3]
        if not text.startswith(ALIAS_PREFIX):
            text = text.removeprefix("key/") if text.startswith("key/") else ""
    if text.startswith(ALIAS_PREFIX):
        return KeyName(alias_name(text), place)
    if not is_key_id(text):
        raise ValueError
    return KeyName(text, place)


def is_key_id(text: str) -> bool:
    """Whether it could be the id of a CMK."""
    return _KEY_ID.fullmatch(text) is not None


def key_arn(text: str) -> KeyName:
    """Read the ARN of a CMK; raise ValueError."""
    name = key_name(text)
    if name.place is None or name.is_alias:
        raise ValueError
    return name


def resource_ids(text: str) -> list[str]:
    """Read a list of key ids, in JSON; raise ValueError."""
    ids: list[str] = json.loads(text)
    if not 0 < len(ids) <= MAX_RESOURCES or len(set(map(str, ids))) != len(ids):
        raise ValueError
    if not all(isinstance(one, str) and is_key_id(one) for one in ids):
        raise ValueError
    return ids


def alias_name(text: str) -> str:
    """Read the name of an existing or new alias; raise ValueError."""
    if len(text) > MAX_ALIAS or not _ALIAS.fullmatch(text):
        raise ValueError
    return text


def new_alias_name(text: str) -> str:
    """Read the name of an alias to be made: the vendor keeps a part of the names for itself."""
    if text.startswith(RESERVED_ALIAS_PREFIX):
        raise ValueError
    return alias_name(text)
