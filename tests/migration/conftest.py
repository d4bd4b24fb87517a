# SPDX-License-Identifier: Apache-2.0
"""A store with 23 customers, 18 of which have a secret, and the rig before it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.migration.rig import Rig, customers, opened


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with opened(tmp_path, *customers(23)) as rig:
        yield rig
