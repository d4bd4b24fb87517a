# SPDX-License-Identifier: Apache-2.0
"""A whole `sidecar run` of two workers in front of a small store, started once a file."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.installed import Running, write
from tests.fixtures.kms import RunningKms
from tests.stores.kept import Store


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with Store() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def config(
    tmp_path_factory: pytest.TempPathFactory, store: Store, kms: RunningKms, request
) -> Path:
    alias = f"alias/{request.module.__name__.rpartition('.')[2].replace('_', '-')}"
    kms.make_key(alias)
    where = f"{{credentials_file: {kms.credentials_file}, endpoint: '{kms.endpoint}'}}"
    folder = tmp_path_factory.mktemp("supervised")
    return write(folder, store.authority, alias, where, "workers: 2\nlimits: {drain: 5s}\n")


@pytest.fixture(scope="module")
def proxy(config: Path) -> Iterator[Running]:
    with Running(config) as running:
        yield running
