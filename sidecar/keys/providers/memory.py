# SPDX-License-Identifier: Apache-2.0
"""A small KMS in memory, for tests alone: real ciphers, real refusals, failures at a switch.

Its blobs have the vendor's layout, so that what is proved here holds there. It refuses to start
where no test runs: its CMKs end with the process, and so would everything sealed under them.
"""

import asyncio
import os
import sys
import uuid
from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sidecar.errors import CannotOpen, KeyUnavailable, Misconfigured
from sidecar.keys.names import KeyContext
from sidecar.keys.providers import (
    DATA_KEY_LENGTH,
    CmkDescription,
    GeneratedDataKey,
    KeyDenied,
    OpenedDataKey,
)
from sidecar.keys.providers.blob import VERSION_ID_LENGTH, is_plausible

_IV_LENGTH = 12


class Failure(Enum):
    """What the KMS does instead of answering."""

    AWAY = auto()
    """It cannot be reached."""
    DENIES = auto()
    """It is there and says no to everything."""
    HANGS = auto()
    """It answers only once `failure` is set to something else."""


@dataclass(slots=True)
class _Cmk:
    key_id: str
    state: str = "Enabled"
    version_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    cipher: AESGCM = field(default_factory=lambda: AESGCM(os.urandom(32)))


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
        cmk = _Cmk(str(uuid.uuid4()))
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
        found = self._usable(self._find(cmk))
        key, iv = bytearray(os.urandom(DATA_KEY_LENGTH)), os.urandom(_IV_LENGTH)
        sealed = found.cipher.encrypt(iv, b64encode(key), repr(context).encode())
        edk = found.version_id.encode() + iv + sealed
        return GeneratedDataKey(key, found.key_id, found.version_id, edk)

    async def decrypt(self, edk: bytes, context: KeyContext) -> OpenedDataKey:
        await self._answer("Decrypt")
        version_id = edk[:VERSION_ID_LENGTH].decode("latin-1")
        rest = edk[VERSION_ID_LENGTH:]
        for cmk in self._cmks.values():
            if cmk.version_id != version_id:
                continue
            cipher = self._usable(cmk).cipher
            try:
                text = cipher.decrypt(rest[:_IV_LENGTH], rest[_IV_LENGTH:], repr(context).encode())
            except InvalidTag:
                break
            return OpenedDataKey(bytearray(b64decode(text)), cmk.key_id, version_id)
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
