# SPDX-License-Identifier: Apache-2.0
"""A SoftHSM token outlives whoever is killed in the middle of a login."""

import threading
from pathlib import Path

import pytest

from sidecar.hsm import HsmThread, Pkcs11Uri, Token, softhsm, token_file

KEY = b"a key"


@pytest.fixture
def uri(tmp_path: Path) -> Pkcs11Uri:
    return softhsm.provision(tmp_path / "hsm")


@pytest.fixture
def file(uri: Pkcs11Uri) -> Path:
    assert uri.softhsm2_conf is not None
    (found,) = uri.softhsm2_conf.parent.glob("tokens/*/token.object")
    return found


def has_anchor(uri: Pkcs11Uri) -> bool:
    with HsmThread(uri) as hsm:
        hsm.run(Token.connect)
        return hsm.run(Token.has_anchor)


def test_a_file_that_a_login_left_empty_is_put_back(uri: Pkcs11Uri, file: Path) -> None:
    with HsmThread(uri) as hsm:
        hsm.run(lambda token: token.generate_aes(KEY, "a key", 256))
    file.write_bytes(b"")
    with HsmThread(uri) as hsm:
        assert hsm.run(Token.list_key_ids) == [KEY]


def test_a_session_heals_as_well(uri: Pkcs11Uri, file: Path) -> None:
    with HsmThread(uri) as hsm:
        hsm.run(Token.connect)
        file.write_bytes(b"")
        hsm.run(Token.forget)
        assert hsm.run(Token.has_anchor)


def test_the_copy_is_of_the_newest_pins_and_for_its_owner_alone(uri: Pkcs11Uri, file: Path) -> None:
    kept = file.with_name("token.kept")
    kept.write_bytes(b"as it was under another PIN")
    assert has_anchor(uri)
    assert kept.read_bytes()[8:] == file.read_bytes()[8:]
    assert kept.stat().st_mode & 0o777 == 0o600
    before = kept.stat()
    assert has_anchor(uri)
    assert kept.stat() == before


def test_a_file_that_another_login_writes_now_is_left_to_it(uri: Pkcs11Uri, file: Path) -> None:
    assert uri.softhsm2_conf is not None
    whole, stands = file.read_bytes(), file.stat().st_ino
    file.write_bytes(b"")
    writing = threading.Timer(0.01, file.write_bytes, (whole,))
    writing.start()
    token_file.mend(uri.softhsm2_conf)
    writing.join()
    assert (file.read_bytes(), file.stat().st_ino) == (whole, stands)


def test_a_copy_that_cannot_be_kept_keeps_nobody_from_his_keys(
    uri: Pkcs11Uri, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = file.with_name("token.kept")
    kept.unlink()
    kept.mkdir()
    assert has_anchor(uri)
    assert "have no new copy: Is a directory" in caplog.text
    assert list(file.parent.glob("*.draft")) == []
