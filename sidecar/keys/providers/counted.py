# SPDX-License-Identifier: Apache-2.0
"""Counts every question to a provider by action and outcome; changes nothing else."""

from collections.abc import Awaitable

from sidecar.errors import CannotOpen, KeyUnavailable
from sidecar.keys.names import KeyContext
from sidecar.keys.providers import (
    CmkDescription,
    GeneratedDataKey,
    KeyDenied,
    OpenedDataKey,
    Provider,
)
from sidecar.keys.stats import KeyStats


class CountedProvider:
    """A provider whose calls show in `stats.kms_calls`."""

    def __init__(self, provider: Provider, stats: KeyStats) -> None:
        self._provider = provider
        self._stats = stats
        self.is_plausible = provider.is_plausible
        self.aclose = provider.aclose

    async def generate_data_key(self, cmk: str, context: KeyContext) -> GeneratedDataKey:
        return await self._counted(
            "GenerateDataKey", self._provider.generate_data_key(cmk, context)
        )

    async def decrypt(self, edk: bytes, context: KeyContext) -> OpenedDataKey:
        return await self._counted("Decrypt", self._provider.decrypt(edk, context))

    async def describe_key(self, cmk: str) -> CmkDescription:
        return await self._counted("DescribeKey", self._provider.describe_key(cmk))

    async def _counted[T](self, action: str, answer: Awaitable[T]) -> T:
        outcome = "failed"  # given up, or never sent
        try:
            result = await answer
            outcome = "ok"
        except CannotOpen:
            outcome = "cannot_open"
            raise
        except KeyDenied:
            outcome = "denied"
            raise
        except KeyUnavailable:
            outcome = "unavailable"
            raise
        finally:
            self._stats.kms_calls[action, outcome] += 1
        return result
