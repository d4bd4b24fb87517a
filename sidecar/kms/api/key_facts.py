# SPDX-License-Identifier: Apache-2.0
"""What a policy may ask about a CMK: what its action tells, and the CMK's tags.

Tags are read when a policy asks for the first one, so calls whose policies do not ask cost nothing.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from sidecar.kms.policy import TAG_PREFIX
from sidecar.kms.store import Cmk, Shelf


class KeyFacts(Mapping[str, str]):
    """The condition keys of KMS's own, for one CMK; `told` are those of the action."""

    def __init__(self, told: Mapping[str, str], connection: Connection, cmk: Cmk | None) -> None:
        self._told = told
        self._connection = connection
        self._cmk = cmk
        self._tags: Mapping[str, str] | None = None

    def __getitem__(self, key: str) -> str:
        if key.startswith(TAG_PREFIX):
            return self._read_tags()[key.removeprefix(TAG_PREFIX)]
        return self._told[key]

    def __iter__(self) -> Iterator[str]:
        yield from self._told
        yield from (TAG_PREFIX + name for name in self._read_tags())

    def __len__(self) -> int:
        return len(self._told) + len(self._read_tags())

    def _read_tags(self) -> Mapping[str, str]:
        if self._tags is None:
            cmk = self._cmk
            shelf = cmk and Shelf(self._connection, cmk.account, cmk.region)
            self._tags = shelf.tags.of(cmk.key_id) if cmk and shelf else {}
        return self._tags
