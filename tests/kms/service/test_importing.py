# SPDX-License-Identifier: Apache-2.0
"""Rights to import, what comes in by them, and how a CMK stands without its material."""

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy import Connection

from sidecar.hsm import BadCiphertext, HsmThread, KeyMissing, Token
from sidecar.hsm.reserved import RESERVED_IDS
from sidecar.kms.healing import heal
from sidecar.kms.service import importing
from sidecar.kms.service.importing import (
    MAX_GRANTS,
    WRAPPING,
    as_of,
    fingerprint,
    grant,
    receive,
    revoke,
)
from sidecar.kms.store import Cmk, Database, Material, Pairs, Shelf, import_tokens
from sidecar.kms.store.import_tokens import Grant
from tests.kms.ready import add_pair

PKCS1 = "RSAES_PKCS1_V1_5"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    database = Database.sqlite(tmp_path / "kms.db")
    database.migrate()
    with database.transaction() as connection:
        yield connection
    database.close()


@pytest.fixture
def shelf(connection: Connection) -> Shelf:
    shelf = Shelf(connection, "1", "r")
    shelf.add_key(CMK, None)
    return shelf


CMK = Cmk(
    *("k", "1", "r", "1", "", "Aliyun_AES_256", "ENCRYPT/DECRYPT"),
    *("EXTERNAL", "HSM", "PendingImport", "", 0),
)


def wrapped(public: bytes, material: bytes) -> bytes:
    key = load_der_public_key(public)
    assert isinstance(key, rsa.RSAPublicKey)
    return key.encrypt(material, padding.PKCS1v15())


def is_there(token: Token, given: Grant) -> bool:
    try:
        token.using(RESERVED_IDS + b"import:" + given.token_id.encode(), lambda _: None)
    except KeyMissing:
        return False
    return True


def granted(hsm: HsmThread, connection: Connection, until: int) -> tuple[Grant, bytes]:
    """A right to import into the CMK."""
    add_pair(hsm, Pairs(connection), WRAPPING)
    return hsm.run(lambda token: grant(token, connection, "k", PKCS1, until))


@pytest.mark.usefixtures("shelf")
def test_the_oldest_right_makes_room_for_a_new_one(hsm: HsmThread, connection: Connection) -> None:
    given = [granted(hsm, connection, number)[0] for number in range(MAX_GRANTS + 1)]
    assert import_tokens.list_of(connection, "k") == given[1:]
    assert import_tokens.find(connection, given[0].token_id) is None
    assert import_tokens.list_expired(connection, 2) == given[1:3]


@pytest.mark.usefixtures("shelf")
def test_a_pair_is_reserved_opens_and_is_given_up(hsm: HsmThread, connection: Connection) -> None:
    given, public = granted(hsm, connection, 1)
    assert hsm.run(Token.list_key_ids) == []
    material = secrets.token_bytes(32)
    sealed = wrapped(public, material)
    assert hsm.run(lambda token: receive(token, given, sealed, 32)) == material
    with pytest.raises(BadCiphertext):
        hsm.run(lambda token: receive(token, given, sealed, 16))
    hsm.run(lambda token: revoke(token, connection, given))
    assert import_tokens.find(connection, given.token_id) is None
    assert len(hsm.run(Token.list_pending)) == 1
    hsm.run(lambda token: token.settle(token.list_pending()[0], keep=False))
    assert not hsm.run(lambda token: is_there(token, given))


def test_the_mark_of_material_is_of_its_cmk_and_does_not_show_it() -> None:
    material = secrets.token_bytes(32)
    assert fingerprint("k", material) == fingerprint("k", material)
    assert fingerprint("k", material) != fingerprint("other", material)
    assert fingerprint("k", material) != fingerprint("k", secrets.token_bytes(32))
    assert material not in fingerprint("k", material)


@pytest.mark.parametrize(
    ("state", "now", "expected"),
    [
        ("Enabled", 99, "Enabled"),
        ("Enabled", 100, "PendingImport"),
        ("Disabled", 100, "PendingImport"),
        ("PendingDeletion", 100, "PendingDeletion"),
    ],
)
def test_material_ends_at_its_second_whether_it_was_swept_or_not(
    state: str, now: int, expected: str
) -> None:
    cmk = CMK._replace(state=state, material_expires_at=100)
    assert as_of(cmk, now).state == expected
    assert as_of(CMK._replace(state=state), now).state == state


def test_the_first_material_is_the_only_one(hsm: HsmThread, shelf: Shelf) -> None:
    cmk, material = CMK._replace(primary_version="v"), secrets.token_bytes(32)
    kept = hsm.run(lambda token: importing.put(token, shelf, cmk, material))
    assert kept == Material(is_in_token=True, fingerprint=fingerprint("k", material))
    shelf.add_version("k", "v", 0, kept)
    assert hsm.run(lambda token: importing.put(token, shelf, cmk, material)) == kept
    with pytest.raises(BadCiphertext):
        hsm.run(lambda token: importing.put(token, shelf, cmk, secrets.token_bytes(32)))
    hsm.run(lambda token: importing.forget(token, shelf, cmk))
    with pytest.raises(BadCiphertext):
        hsm.run(lambda token: importing.put(token, shelf, cmk, secrets.token_bytes(32)))
    left = shelf.find_key("k")
    assert left
    assert left.state == "PendingImport"


def test_a_cmk_that_never_had_material_can_be_told_to_forget_it(
    hsm: HsmThread, shelf: Shelf
) -> None:
    hsm.run(lambda token: importing.forget(token, shelf, CMK))
    assert shelf.find_key("k") == CMK


def test_a_round_that_is_undone_leaves_the_material_that_was_there(
    hsm: HsmThread, tmp_path: Path
) -> None:
    """Its owner deletes it and brings it again at once, and neither is ever answered."""
    cmk, material = CMK._replace(primary_version="v"), secrets.token_bytes(32)

    def undone(token: Token) -> None:
        with database.transaction() as connection:
            shelf = Shelf(connection, "1", "r")
            importing.forget(token, shelf, cmk)
            shelf.materials.keep("v", importing.put(token, shelf, cmk, material))
            raise OSError("the disk is full")

    with closing(Database.sqlite(tmp_path / "round.db")) as database:
        database.migrate()
        with database.transaction() as connection:
            shelf = Shelf(connection, "1", "r")
            shelf.add_key(cmk, hsm.run(lambda token: importing.put(token, shelf, cmk, material)))
        hsm.run(lambda token: heal(token, database))
        sealed = hsm.run(lambda token: token.encrypt_gcm(b"v", b"told", b""))
        with pytest.raises(OSError, match="full"):
            hsm.run(undone)
        hsm.run(lambda token: heal(token, database))
        assert hsm.run(lambda token: token.decrypt_gcm(b"v", *sealed, b"")) == b"told"


def test_material_that_the_token_lost_comes_back_with_its_owner(
    hsm: HsmThread, shelf: Shelf
) -> None:
    cmk, material = CMK._replace(primary_version="v"), secrets.token_bytes(32)
    shelf.add_version(
        "k", "v", 0, hsm.run(lambda token: importing.put(token, shelf, cmk, material))
    )
    sealed = hsm.run(lambda token: token.encrypt_gcm(b"v", b"told", b""))
    hsm.run(lambda token: token.destroy(b"v"))
    hsm.run(lambda token: importing.put(token, shelf, cmk, material))
    assert hsm.run(lambda token: token.decrypt_gcm(b"v", *sealed, b"")) == b"told"
