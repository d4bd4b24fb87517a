# SPDX-License-Identifier: Apache-2.0
"""Who stands behind an access key id."""

from sidecar.kms.accounts import Account, Caller, Directory, User
from sidecar.signing import AccessKey

FIRST, SECOND, THIRD = (AccessKey(name, "canary-secret") for name in ("k1", "k2", "k3"))
WRITER = User("writer", "21", (), (FIRST, SECOND))
READER = User("reader", "22", (), (THIRD,))
ONE, OTHER = Account("1", (WRITER,)), Account("2", (READER,))
DIRECTORY = Directory([ONE, OTHER])


def test_every_access_key_finds_its_user_and_account() -> None:
    assert DIRECTORY.find("k1") == Caller(ONE, WRITER, FIRST)
    assert DIRECTORY.find("k2") == Caller(ONE, WRITER, SECOND)
    assert DIRECTORY.find("k3") == Caller(OTHER, READER, THIRD)


def test_an_unknown_id_finds_nobody() -> None:
    assert DIRECTORY.find("K1") is None
    assert DIRECTORY.find("") is None


def test_secrets_are_not_printed() -> None:
    assert "canary-secret" not in repr(DIRECTORY.find("k1"))
