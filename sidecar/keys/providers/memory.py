# SPDX-License-Identifier: Apache-2.0
"""A small KMS in memory, for tests alone: real ciphers, real refusals, failures at a switch.

Its blobs have the vendor's layout, so that what is proved here holds there. It refuses to start
where no test runs: its CMKs end with the process, and so would everything sealed under them.
"""

import asyncio
import sys
from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto

from sidecar.errors import CannotOpen, KeyUnavailable, Misconfigured
from sidecar.keys.names import KeyContext
from sidecar.keys.providers import (
    CmkDescription,
    GeneratedDataKey,
    KeyDenied,
    OpenedDataKey,
)
from sidecar.keys.providers.blob import VERSION_ID_LENGTH, is_plausible
from sidecar.keys.providers.ephemeral import EphemeralCmk


class Failure(Enum):
    """What the KMS does instead of answering."""

    AWAY = auto()
    """It cannot be reached."""
    DENIES = auto()
    """It is there and says no to everything."""
    HANGS = auto()
    """It answers only once `failure` is set to something else."""


@dataclass(slots=True)
class _Cmk(EphemeralCmk):
    state: str = "Enabled"


class MemoryProvider:
    """CMKs by id and alias. `failure` switches trouble on and off; `calls` counts by action."""

    is_plausible = staticmethod(is_plausible)

    def __init__(self, *aliases: str) -> None:
        """Raise Misconfigured outside of pytest; make a CMK for each of `aliases`."""
        if "pytest" not in sys.modules:
            raise Misconfigured("keys that live in memory are for tests alone; name a KMS")
        self.calls: Counter[str] = Counter()
        self._cmks: dict[str, _Cmk] = {}
        self._aliases: dict[str, str] = {}
        self._failure: Failure | None = None
        self._changed = asyncio.Event()
        self._was_asked = asyncio.Event()
        for alias in aliases:
            self.create_cmk(alias)

    @property
    def failure(self) -> Failure | None:
        """The trouble that every question meets now."""
        return self._failure

    @failure.setter
    def failure(self, failure: Failure | None) -> None:
        self._failure = failure
        self._changed.set()
        self._changed = asyncio.Event()

    def create_cmk(self, alias: str | None = None) -> str:
        """The id of a new CMK; `alias` (`alias/…`) moves to it if it names another."""
        cmk = _Cmk()
        self._cmks[cmk.key_id] = cmk
        if alias is not None:
            self._aliases[alias] = cmk.key_id
        return cmk.key_id

    def set_state(self, key_id: str, state: str) -> None:
        """Put a CMK into a key state of the API: `Enabled`, `Disabled`, `PendingDeletion`."""
        self._cmks[key_id].state = state

    def delete_alias(self, alias: str) -> None:
        """Let `alias` name nothing."""
        del self._aliases[alias]

    async def asked(self, action: str, count: int = 1) -> None:
        """Wait until `action` was asked for `count` times."""
        while self.calls[action] < count:
            await self._was_asked.wait()

    async def generate_data_key(self, cmk: str, context: KeyContext) -> GeneratedDataKey:
        await self._answer("GenerateDataKey")
        return self._usable(self._find(cmk)).generate(context)

    async def decrypt(self, edk: bytes, context: KeyContext) -> OpenedDataKey:
        await self._answer("Decrypt")
        version_id = edk[:VERSION_ID_LENGTH].decode("latin-1")
        for cmk in self._cmks.values():
            if cmk.version_id == version_id:
                return self._usable(cmk).open(edk, context)
        raise CannotOpen

    async def describe_key(self, cmk: str) -> CmkDescription:
        await self._answer("DescribeKey")
        found = self._find(cmk)
        return CmkDescription(found.key_id, found.state)

    async def aclose(self) -> None:
        """There is nothing to close."""

    async def _answer(self, action: str) -> None:
        """Count one question and give every other task its turn, as a wire would."""
        self.calls[action] += 1
        self._was_asked.set()
        self._was_asked = asyncio.Event()
        await asyncio.sleep(0)
        while self._failure is Failure.HANGS:
            await self._changed.wait()
        if self._failure is Failure.AWAY:
            raise KeyUnavailable("the KMS in memory is switched off")
        if self._failure is Failure.DENIES:
            raise KeyDenied("the KMS in memory is told to refuse")

    def _find(self, name: str) -> _Cmk:
        cmk = self._cmks.get(self._aliases.get(name, name))
        if cmk is None:
            raise KeyDenied("Forbidden.KeyNotFound")
        return cmk

    def _usable(self, cmk: _Cmk) -> _Cmk:
        if cmk.state != "Enabled":
            raise KeyDenied(f"Rejected.{cmk.state}")
        return cmk
