# SPDX-License-Identifier: Apache-2.0
"""Tags hang on one resource of one kind in one place, and are paged in one order."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from sidecar.kms.store import CERTIFICATE, KEY, Database, Tag, Tags

HERE = {"account": "1", "region": "r"}


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.transaction() as connection:
        yield connection


@pytest.fixture
def tags(connection: Connection) -> Tags:
    tags = Tags(connection, HERE, KEY)
    tags.put("k1", {"b": "2", "a": "1"})
    tags.put("k2", {"a": "3"})
    return tags


def test_a_tag_that_is_there_gets_the_new_value(tags: Tags) -> None:
    tags.put("k1", {"a": "new", "c": ""})
    assert tags.of("k1") == {"a": "new", "b": "2", "c": ""}
    assert tags.of("k2") == {"a": "3"}


def test_tags_are_removed_by_name_or_all(tags: Tags) -> None:
    tags.remove("k1", ["a", "unknown"])
    assert tags.of("k1") == {"b": "2"}
    tags.remove_all("k1")
    assert tags.of("k1") == {}
    assert tags.of("k2") == {"a": "3"}


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ({"account": "2", "region": "r"}, KEY),
        ({"account": "1", "region": "s"}, KEY),
        (HERE, CERTIFICATE),
    ],
)
def test_nothing_is_shared_with_another_account_region_or_kind(
    connection: Connection, tags: Tags, place: dict[str, str], kind: str
) -> None:
    others = Tags(connection, place, kind)
    others.put("k1", {"a": "theirs"})
    others.remove_all("k2")
    assert tags.of("k1") == {"a": "1", "b": "2"}
    assert tags.of("k2") == {"a": "3"}
    assert [tag.value for tag in others.page([], ("", ""), 9)] == ["theirs"]


def test_pages_follow_each_other(tags: Tags) -> None:
    everything = [Tag("k1", "a", "1"), Tag("k1", "b", "2"), Tag("k2", "a", "3")]
    assert tags.page([], ("", ""), 9) == everything
    assert tags.page([], ("k1", "a"), 1) == everything[1:2]
    assert tags.page([], ("k1", "b"), 9) == everything[2:]
