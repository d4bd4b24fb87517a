# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from tests.rules.trust.sets import SignedSet


@pytest.fixture
def signed(tmp_path: Path) -> SignedSet:
    """A signed set of version 1, which never held."""
    return SignedSet.start(tmp_path)
