# SPDX-License-Identifier: Apache-2.0
"""A nonce counts once, for one access key, and for as long as a replay could be accepted."""

import pytest

from sidecar.kms.store import Database, nonces


def use(database: Database, key: str, nonce: str, signed_at: int = 0) -> None:
    with database.transaction() as connection:
        nonces.use(connection, key, nonce, signed_at)


def test_the_second_use_is_refused(database: Database) -> None:
    use(database, "LTAI1", "n")
    use(database, "LTAI2", "n")
    use(database, "LTAI1", "n" * 100_000)
    use(database, "LTAI1", "n" * 100_000 + "m")
    with pytest.raises(nonces.NonceUsedError):
        use(database, "LTAI1", "n")


def test_old_ones_are_forgotten_and_no_others(database: Database) -> None:
    for nonce, signed_at in (("older", 98), ("old", 99), ("new", 100)):
        use(database, "LTAI", nonce, signed_at)
    with database.transaction() as connection:
        assert nonces.forget(connection, before=100) == 99
        assert nonces.forget(connection, before=100) is None
    use(database, "LTAI", "old")
    with pytest.raises(nonces.NonceUsedError):
        use(database, "LTAI", "new")
