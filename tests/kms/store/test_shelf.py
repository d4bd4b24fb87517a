# SPDX-License-Identifier: Apache-2.0
"""What an account has on its shelf, nobody else reaches."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from sidecar.kms.store import Cmk, Database, Label, Material, Shelf


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    database = Database.sqlite(tmp_path / "kms.db")
    database.migrate()
    with database.transaction() as connection:
        yield connection
    database.close()


def cmk(key_id: str, account: str = "1", region: str = "r") -> Cmk:
    return Cmk(
        *(key_id, account, region, account, "", "Aliyun_AES_256", "ENCRYPT/DECRYPT"),
        *("Aliyun_KMS", "HSM", "Enabled", f"v-{key_id}", 0),
    )


IN_TOKEN = Material(is_in_token=True)


@pytest.fixture
def mine(connection: Connection) -> Shelf:
    shelf = Shelf(connection, "1", "r")
    shelf.add_key(cmk("a"), IN_TOKEN)
    shelf.add_key(cmk("b"), IN_TOKEN)
    shelf.add_alias(Label("alias/x", "a"), 0)
    return shelf


@pytest.mark.parametrize("place", [("2", "r"), ("1", "other")])
def test_the_shelf_of_another_account_or_region_is_empty(
    connection: Connection, mine: Shelf, place: tuple[str, str]
) -> None:
    theirs = Shelf(connection, *place)
    assert theirs.find_key("a") is None
    assert theirs.find_key_of_version("v-a") is None
    assert theirs.find_alias("alias/x") is None
    assert (theirs.count_keys(), theirs.count_aliases()) == (0, 0)
    assert theirs.list_keys(0, 10) == []
    assert theirs.list_aliases(0, 10) == []
    theirs.delete_alias("alias/x")
    theirs.move_alias(Label("alias/x", "b"))
    assert mine.find_alias("alias/x") == Label("alias/x", "a")


def test_keys_are_found_by_id_and_by_version(mine: Shelf) -> None:
    assert mine.find_key("a") == mine.find_key_of_version("v-a") == cmk("a")
    mine.set_state(cmk("a"), "Disabled")
    assert [key.state for key in mine.list_keys(0, 10)] == ["Disabled", "Enabled"]
    assert [key.key_id for key in mine.list_keys(1, 1)] == ["b"]


def test_an_alias_moves_and_goes(mine: Shelf) -> None:
    mine.add_alias(Label("alias/y", "a"), 0)
    mine.move_alias(Label("alias/x", "b"))
    assert mine.list_aliases(0, 10) == [Label("alias/x", "b"), Label("alias/y", "a")]
    mine.delete_alias("alias/x")
    assert mine.find_alias("alias/x") is None
    assert mine.count_aliases() == 1
