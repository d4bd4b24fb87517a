# SPDX-License-Identifier: Apache-2.0
"""A complete installation on real parts, shared by the end-to-end tests of one file."""

from collections.abc import Iterator
from typing import Self

import httpx
import pytest

from tests.demo.installation import Installation
from tests.stores.arcadedb import ArcadeDB


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, arcadedb: ArcadeDB
) -> Iterator[Installation]:
    place = Installation(tmp_path_factory.mktemp("installation"))
    try:
        for _ in place.start(arcadedb):
            pass
        yield place
    finally:
        place.stop()


@pytest.fixture
def application(installation: Installation) -> Iterator["Application"]:
    with Application(installation.url) as client:
        yield client


class Application:
    """A client of ArcadeDB's HTTP API that knows nothing of sealing."""

    INSERT = "INSERT INTO Customer SET id = :id, name = :name, ssn = :ssn, email = :email"
    SELECT = "SELECT FROM Customer WHERE id = :id"

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(
            base_url=f"{url}/api/v1", auth=("root", "playwithdata"), timeout=30
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def sql(self, command: str, params: dict[str, object], tenant: str = "acme") -> httpx.Response:
        return self._client.post(
            "command/crm",
            json={"language": "sql", "command": command, "params": params},
            headers={"X-Tenant-Id": tenant},
        )

    def post(self, body: object, **headers: str) -> httpx.Response:
        """POST raw bytes, or an iterator of bytes (then chunked)."""
        kind = {"Content-Type": "application/json", "X-Tenant-Id": "acme"} | headers
        return self._client.post("command/crm", content=body, headers=kind)  # type: ignore[arg-type]

    def get(self, target: str) -> httpx.Response:
        return self._client.get(target, headers={"X-Tenant-Id": "acme"})

    def write(self, record: dict[str, object], tenant: str = "acme") -> httpx.Response:
        return self.sql(self.INSERT, {"name": None, "ssn": None, "email": None} | record, tenant)

    def read(self, record_id: str, tenant: str = "acme") -> httpx.Response:
        return self.sql(self.SELECT, {"id": record_id}, tenant)
