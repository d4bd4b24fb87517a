# SPDX-License-Identifier: Apache-2.0
"""Versions are listed newest first, belong to one CMK, and count while it is there."""

from sidecar.kms.store import DELETED, Cmk, Database, Material, Shelf, Version

IN_TOKEN = Material(is_in_token=True)


def cmk(key_id: str, account: str = "1") -> Cmk:
    return Cmk(
        *(key_id, account, "r", account, "", "Aliyun_AES_256", "ENCRYPT/DECRYPT"),
        *("Aliyun_KMS", "HSM", "Enabled", f"{key_id}-1", 100),
    )


def test_a_cmk_has_its_versions_and_the_account_all_of_them(database: Database) -> None:
    with database.transaction() as connection:
        mine, theirs = Shelf(connection, "1", "r"), Shelf(connection, "2", "r")
        for key_id in ("a", "b"):
            mine.add_key(cmk(key_id), IN_TOKEN)
        theirs.add_key(cmk("c", "2"), IN_TOKEN)
        mine.add_primary(cmk("a"), "a-2", 200, IN_TOKEN)
        newest, first = Version("a-2", "a", 200), Version("a-1", "a", 100)
        assert mine.versions.all_of("a") == [newest, first]
        assert mine.versions.page("a", 1, 5) == [first]
        assert (mine.versions.count("a"), mine.versions.count_all()) == (2, 3)
        assert mine.versions.find("a", "a-1") == first
        assert mine.versions.find("a", "b-1") is None
        found = mine.find_key("a")
        assert found is not None
        assert (found.primary_version, found.rotated_at) == ("a-2", 200)
        assert mine.find_key_of_version("a-1") == mine.find_key_of_version("a-2") == found


def test_a_deleted_cmk_counts_no_more(database: Database) -> None:
    with database.transaction() as connection:
        shelf = Shelf(connection, "1", "r")
        shelf.add_key(cmk("a"), IN_TOKEN)
        shelf.delete_key(cmk("a"))
        assert (shelf.count_keys(), shelf.versions.count_all()) == (0, 0)
        assert shelf.find_key("a") is None
        assert shelf.find_key_of_version("a-1") is None
        state = connection.exec_driver_sql("SELECT state FROM cmk").scalar_one()
        assert state == DELETED
