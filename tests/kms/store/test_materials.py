# SPDX-License-Identifier: Apache-2.0
"""What is kept of material is found by its CMK alone, and a forgotten secret is gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from sidecar.kms.store import Cmk, Database, Material, Shelf, list_in_token

SEALED = Material(is_in_token=False, sealed=b"sealed", public_key=b"public", fingerprint=b"mark")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    database = Database.sqlite(tmp_path / "kms.db")
    database.migrate()
    with database.transaction() as connection:
        yield connection
    database.close()


def add(connection: Connection, key_id: str, material: Material | None, account: str = "1") -> None:
    cmk = Cmk(
        *(key_id, account, "r", account, "", "Aliyun_AES_256", "ENCRYPT/DECRYPT"),
        *("Aliyun_KMS", "HSM", "Enabled", f"v-{key_id}" if material else "", 0),
    )
    Shelf(connection, account, "r").add_key(cmk, material)


def test_material_is_found_by_the_cmk_that_it_is_of(connection: Connection) -> None:
    add(connection, "a", SEALED)
    add(connection, "b", Material(is_in_token=True))
    materials = Shelf(connection, "1", "r").materials
    assert materials.find("a", "v-a") == SEALED
    assert materials.find("b", "v-b") == Material(is_in_token=True)
    assert materials.find("a", "v-b") is None
    assert materials.find("a", "") is None


def test_what_is_forgotten_is_still_known_by_its_public_half_and_its_mark(
    connection: Connection,
) -> None:
    add(connection, "a", SEALED)
    materials = Shelf(connection, "1", "r").materials
    materials.forget("v-a")
    left = materials.find("a", "v-a")
    assert left == SEALED._replace(sealed=None)
    assert not left.is_there


def test_what_the_token_must_hold_is_listed_over_all_accounts(connection: Connection) -> None:
    add(connection, "a", Material(is_in_token=True))
    add(connection, "b", SEALED)
    add(connection, "c", Material(is_in_token=True), account="2")
    add(connection, "d", None)
    add(connection, "e", Material(is_in_token=True))
    Shelf(connection, "1", "r").materials.forget("v-e")
    assert list_in_token(connection) == {"v-a", "v-c"}
