# SPDX-License-Identifier: Apache-2.0
"""Certificates are found by their own account, in their own region, until they are deleted."""

from sidecar.kms.store import Certificate, Database, Shelf, list_certificates_in_token

HELD = Certificate("c-1", "EC_P256", True, "PENDING", None, b"public", "csr", 1, 1)  # noqa: FBT003 - a row
SEALED = HELD._replace(certificate_id="c-2", sealed=b"sealed")


def test_they_are_found_where_they_belong_and_nowhere_else(database: Database) -> None:
    with database.transaction() as connection:
        mine = Shelf(connection, "1", "r").certificates
        mine.add(HELD)
        assert mine.find("c-1") == HELD
        assert mine.count() == 1
        for account, region in (("2", "r"), ("1", "another")):
            others = Shelf(connection, account, region).certificates
            assert others.find("c-1") is None
            assert others.count() == 0


def test_members_change_and_the_time_with_them(database: Database) -> None:
    with database.transaction() as connection:
        mine = Shelf(connection, "1", "r").certificates
        mine.add(HELD)
        mine.change("c-1", 7, status="ACTIVE", certificate="PEM")
        assert mine.find("c-1") == HELD._replace(status="ACTIVE", certificate="PEM", updated_at=7)


def test_what_is_deleted_is_gone(database: Database) -> None:
    with database.transaction() as connection:
        mine = Shelf(connection, "1", "r").certificates
        mine.add(HELD)
        mine.add(SEALED)
        assert list_certificates_in_token(connection) == {"c-1"}
        mine.delete("c-1")
        assert (mine.find("c-1"), mine.find("c-2"), mine.count()) == (None, SEALED, 1)
        assert list_certificates_in_token(connection) == frozenset()
