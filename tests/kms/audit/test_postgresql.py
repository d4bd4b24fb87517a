# SPDX-License-Identifier: Apache-2.0
"""The trail on PostgreSQL: two replicas write, sign, search, export and prune one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from sidecar.hsm import HsmThread
from sidecar.kms.audit import Trail, verify
from sidecar.kms.audit.exporting import make_exporter
from sidecar.kms.audit.exporting.lines import read_files
from sidecar.kms.audit.index import FOREVER, Attribute, Query, list_places, search_all
from sidecar.kms.audit.pruning import prune
from sidecar.kms.audit.settings import FolderExport
from sidecar.kms.audit.verification import verify_export
from sidecar.kms.store import Database
from tests.fixtures.postgresql import Postgresql
from tests.kms.audit.signing import NOW, event
from tests.kms.audit.test_trail import Call


@pytest.fixture
def databases(postgresql: Postgresql) -> Iterator[tuple[Database, Database]]:
    """One database, as two replicas have it open."""
    url = make_url(postgresql.make_database()).set(drivername="postgresql+psycopg")
    pair = Database(url), Database(url)
    pair[0].migrate()
    yield pair
    for database in pair:
        database.close()


def test_two_replicas_keep_one_trail(
    databases: tuple[Database, Database], hsm: HsmThread, tmp_path: Path
) -> None:
    trails = [Trail(database) for database in databases]
    for number in range(20):
        call = Call(lambda _: None, lambda _: None, event("ListKeys", NOW + number, f"r{number}"))
        hsm.run(lambda _, call=call, n=number: trails[n % 2].carry_out([call]))  # type: ignore[misc]
        hsm.run(lambda token, n=number: trails[(n + 1) % 2].checkpoint(token, NOW + n))  # type: ignore[misc]
    for database in databases:
        exporter = make_exporter(FolderExport("disk", tmp_path / "audit"), database)
        exporter.start()
        exporter.stop()
    assert len(list((tmp_path / "audit").iterdir())) == 1
    assert verify_export(read_files(list((tmp_path / "audit").iterdir())), None).signed_to == 39
    query = Query("", "cn-hangzhou", 0, FOREVER, {Attribute.EventName: "ListKeys"})
    with databases[1].snapshot() as connection:
        assert verify(connection).sequence == 40
        assert [at.time - NOW for at, _ in search_all(connection, query)] == [*range(19, -1, -1)]
        assert list(list_places(connection)) == [("", ""), ("", "cn-hangzhou")]
    assert prune(databases[1], hsm, NOW + 10, ["disk"], NOW + 99) == (20, 19)
    with databases[0].snapshot() as connection:
        assert verify(connection).first == 20
        assert len(list(search_all(connection, query))) == 10
