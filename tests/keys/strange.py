# SPDX-License-Identifier: Apache-2.0
"""KMSs that answer, but not as one should."""

from sidecar.errors import KeyUnavailable
from sidecar.keys import KeyContext, KeyDenied
from sidecar.keys.providers import CmkDescription, GeneratedDataKey, OpenedDataKey
from sidecar.keys.providers.memory import MemoryProvider


class OtherKeys(MemoryProvider):
    """Its Decrypt gives another key than its GenerateDataKey gave."""

    async def decrypt(self, edk: bytes, context: KeyContext) -> OpenedDataKey:
        opened = await super().decrypt(edk, context)
        return OpenedDataKey(bytearray(32), opened.key_id, opened.key_version_id)


class OtherCmk(MemoryProvider):
    """It takes another CMK than it was asked to take."""

    async def generate_data_key(self, cmk: str, context: KeyContext) -> GeneratedDataKey:
        assert self._find(cmk)
        return await super().generate_data_key(self.create_cmk(), context)


class StrangeBlobs(MemoryProvider):
    """It makes EDKs that no reader will ask about."""

    def is_plausible(self, edk: bytes) -> bool:
        return not edk


class PartlyAway(MemoryProvider):
    """It cannot be asked about the CMKs named `unreachable`."""

    def __init__(self, *aliases: str) -> None:
        super().__init__(*aliases)
        self.unreachable: set[str] = set()

    async def describe_key(self, cmk: str) -> CmkDescription:
        if cmk in self.unreachable:
            raise KeyUnavailable("half of this KMS is away")
        return await super().describe_key(cmk)


class OtherAccount(MemoryProvider):
    """Its CMKs belong to another account: an id alone does not reach them."""

    async def generate_data_key(self, cmk: str, context: KeyContext) -> GeneratedDataKey:
        if not cmk.startswith("acs:"):
            raise KeyDenied("Forbidden.KeyNotFound")
        return await super().generate_data_key(cmk, context)
