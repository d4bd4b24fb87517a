# SPDX-License-Identifier: Apache-2.0
"""The database of a KMS core, in a file of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.kms.store import Database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kms.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    database = Database.sqlite(file)
    database.migrate()
    yield database
    database.close()
