# SPDX-License-Identifier: Apache-2.0
"""Pairs that belong to nobody yet."""

from sidecar.kms.store import Database, Pairs, is_named, list_pairs

KIND = ("RSA_2048", "sign", "HSM")


def test_a_pair_is_named_from_its_beginning_and_ready_at_its_end(database: Database) -> None:
    with database.transaction() as connection:
        pairs = Pairs(connection)
        pairs.begin("p", KIND, 5)
        assert is_named(connection, b"p")
        assert is_named(connection, b"envelope-sidecar:import:p")
        assert list_pairs(connection) == {"p"}
        assert pairs.list_ready(KIND) == []
        pairs.finish("p", b"public", b"sealed")
        assert pairs.list_ready(KIND) == [("p", b"public", b"sealed")]
        pairs.drop("p")
        assert pairs.list_ready(KIND) == []
        assert not is_named(connection, b"p")


def test_the_oldest_of_a_kind_comes_first(database: Database) -> None:
    others = [("RSA_3072", "sign", "HSM"), ("RSA_2048", "decrypt", "HSM"), ("RSA_2048", "sign", "")]
    with database.transaction() as connection:
        pairs = Pairs(connection)
        for name, kind, now in (("b", KIND, 2), ("a", KIND, 3), ("c", KIND, 1)):
            pairs.begin(name, kind, now)
            pairs.finish(name, b"public", None)
        for name, kind in zip("xyz", others, strict=True):
            pairs.begin(name, kind, 0)
            pairs.finish(name, b"public", None)
        assert [one.pair_id for one in pairs.list_ready(KIND)] == ["c", "b", "a"]


def test_only_what_never_got_ready_is_lost(database: Database) -> None:
    with database.transaction() as connection:
        pairs = Pairs(connection)
        for name, now in (("ready", 1), ("lost", 1), ("young", 2)):
            pairs.begin(name, KIND, now)
        pairs.finish("ready", b"public", None)
        assert pairs.list_unfinished(2) == [("lost", "sign")]


def test_what_was_given_up_does_not_come_back(database: Database) -> None:
    with database.transaction() as connection:
        Pairs(connection).finish("gone", b"public", None)
        assert list_pairs(connection) == frozenset()
