# SPDX-License-Identifier: Apache-2.0
"""The rig of one test."""

from collections.abc import AsyncIterator

import pytest

from tests.transform.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = await Rig.start()
    yield rig
    await rig.keyring.aclose()
