# SPDX-License-Identifier: Apache-2.0
"""The migrations make the tables that the code believes in."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sidecar.kms.store import Database, Table
from sidecar.kms.store.database import MIGRATIONS


def test_a_migrated_database_has_the_schema_of_the_code(tmp_path: Path) -> None:
    database = Database.sqlite(tmp_path / "kms.db")
    database.migrate()
    with database.snapshot() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
    database.close()


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    database = Database.sqlite(tmp_path / "kms.db")
    database.migrate()
    database.migrate()
    with database.snapshot() as connection:
        heads = ScriptDirectory(str(MIGRATIONS)).get_heads()
        assert [MigrationContext.configure(connection).get_current_revision()] == heads
    database.close()
