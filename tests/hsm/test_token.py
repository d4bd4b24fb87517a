# SPDX-License-Identifier: Apache-2.0
"""A real SoftHSM token: keys that stay inside, and a token that comes and goes."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pkcs11
import pytest

from sidecar.errors import Misconfigured
from sidecar.hsm import (
    BadCiphertext,
    HsmError,
    HsmThread,
    HsmUnavailable,
    KeyMissing,
    Pkcs11Uri,
    Token,
    softhsm,
)
from sidecar.hsm.reserved import ANCHOR_ID

KEY = b"0b5e6e0c-6e46-4b7a-9d52-3a0b8f1f6f01"
AAD = b"a context"


@pytest.fixture
def key(hsm: HsmThread) -> bytes:
    hsm.run(lambda token: token.generate_aes(KEY, "a CMK", 256))
    return KEY


def _encrypt(hsm: HsmThread, text: bytes = b"a data key") -> tuple[bytes, bytes]:
    return hsm.run(lambda token: token.encrypt_gcm(KEY, text, AAD))


def _decrypt(hsm: HsmThread, iv: bytes, ciphertext: bytes, aad: bytes = AAD) -> bytes:
    return hsm.run(lambda token: token.decrypt_gcm(KEY, iv, ciphertext, aad))


@pytest.mark.usefixtures("key")
def test_what_is_encrypted_decrypts(hsm: HsmThread) -> None:
    iv, ciphertext = _encrypt(hsm)
    assert _decrypt(hsm, iv, ciphertext) == b"a data key"
    assert _encrypt(hsm)[0] != iv


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("spoil", ["iv", "ciphertext", "tag", "aad", "short", "short iv"])
def test_anything_altered_is_a_bad_ciphertext_and_the_token_serves_on(
    hsm: HsmThread, spoil: str
) -> None:
    iv, ciphertext = _encrypt(hsm)
    flipped = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
    tag = ciphertext[:-1] + bytes([ciphertext[-1] ^ 0x80])
    forged = {
        "iv": (bytes(12), ciphertext, AAD),
        "ciphertext": (iv, flipped, AAD),
        "tag": (iv, tag, AAD),
        "aad": (iv, ciphertext, b"another context"),
        "short": (iv, ciphertext[:15], AAD),
        "short iv": (iv[:8], ciphertext, AAD),
    }[spoil]
    with pytest.raises(BadCiphertext):
        _decrypt(hsm, *forged)
    assert _decrypt(hsm, iv, ciphertext) == b"a data key"


@pytest.mark.usefixtures("key")
def test_a_key_cannot_be_read_wrapped_copied_or_changed(hsm: HsmThread) -> None:
    def attack(token: Token) -> None:
        session = token._lookup.session
        found = session.get_key(id=KEY, object_class=pkcs11.ObjectClass.SECRET_KEY)
        assert found[pkcs11.Attribute.SENSITIVE]
        assert not found[pkcs11.Attribute.EXTRACTABLE]
        with pytest.raises(pkcs11.AttributeSensitive):
            _ = found[pkcs11.Attribute.VALUE]
        wrapping = session.generate_key(pkcs11.KeyType.AES, 256)
        with pytest.raises(pkcs11.PKCS11Error):
            wrapping.wrap_key(found, mechanism=pkcs11.Mechanism.AES_KEY_WRAP)
        with pytest.raises(pkcs11.PKCS11Error):
            found[pkcs11.Attribute.EXTRACTABLE] = True

    hsm.run(attack)


def test_a_key_that_never_was_is_missing(hsm: HsmThread) -> None:
    with pytest.raises(KeyMissing):
        _encrypt(hsm)


@pytest.mark.usefixtures("key")
def test_a_destroyed_key_is_missing_and_the_others_are_listed(hsm: HsmThread) -> None:
    hsm.run(lambda token: token.generate_aes(b"other", "other", 128))
    assert hsm.run(Token.list_key_ids) == sorted([KEY, b"other"])
    hsm.run(lambda token: token._lookup.search(KEY).destroy())
    assert hsm.run(Token.list_key_ids) == [b"other"]
    with pytest.raises(KeyMissing):
        _encrypt(hsm)


def test_ids_that_are_taken_or_reserved_are_refused(hsm: HsmThread) -> None:
    hsm.run(lambda token: token.generate_aes(KEY, "first", 256))
    for key_id, bits in ((KEY, 256), (ANCHOR_ID, 256), (b"", 256), (b"x" * 256, 256), (b"y", 100)):
        with pytest.raises(HsmError):
            hsm.run(lambda token, k=key_id, b=bits: token.generate_aes(k, "again", b))


def test_a_provisioned_token_has_its_anchor(hsm: HsmThread) -> None:
    assert hsm.run(Token.has_anchor)


def test_random_bytes_are_of_the_asked_length(hsm: HsmThread) -> None:
    assert len(hsm.run(lambda token: token.random(32))) == 32
    assert hsm.run(lambda token: token.random(32)) != hsm.run(lambda token: token.random(32))


@pytest.mark.usefixtures("key")
def test_a_vanished_token_never_looks_like_a_deleted_key(
    hsm: HsmThread, token_uri: Pkcs11Uri
) -> None:
    """The folder goes away as an unmounted volume does, and comes back."""
    iv, ciphertext = _encrypt(hsm)
    assert token_uri.softhsm2_conf is not None
    tokens = token_uri.softhsm2_conf.parent / "tokens"
    away = tokens.with_name("away")
    tokens.rename(away)
    tokens.mkdir()
    for _ in range(3):
        with pytest.raises(HsmUnavailable):
            _decrypt(hsm, iv, ciphertext)
        with pytest.raises(HsmUnavailable):
            hsm.run(Token.list_key_ids)
    tokens.rmdir()
    away.rename(tokens)
    assert _decrypt(hsm, iv, ciphertext) == b"a data key"


def test_a_module_that_is_not_there_is_named(token_uri: Pkcs11Uri, tmp_path: Path) -> None:
    elsewhere = replace(token_uri, module=tmp_path / "libnone.so")
    with (
        HsmThread(elsewhere) as hsm,
        pytest.raises(HsmUnavailable, match=r"libnone\.so is not there"),
    ):
        hsm.run(Token.has_anchor)


def test_a_token_whose_folder_was_moved_is_told(token_uri: Pkcs11Uri) -> None:
    assert token_uri.softhsm2_conf is not None
    folder = token_uri.softhsm2_conf.parent
    folder.rename(folder.with_name("moved"))
    with HsmThread(token_uri) as hsm, pytest.raises(HsmUnavailable, match="was its folder moved"):
        hsm.run(Token.has_anchor)
    folder.with_name("moved").rename(folder)


@pytest.mark.usefixtures("key")
def test_a_token_without_its_anchor_is_another_token(hsm: HsmThread) -> None:
    iv, ciphertext = _encrypt(hsm)
    hsm.run(lambda token: token._lookup.search(ANCHOR_ID).destroy())
    with pytest.raises(HsmUnavailable, match="AnchorMissing"):
        hsm.run(Token.list_key_ids)
    with pytest.raises(HsmUnavailable, match="AnchorMissing"):  # and not a bad ciphertext
        _decrypt(hsm, iv, ciphertext[::-1])
    with pytest.raises(HsmUnavailable):
        hsm.run(lambda token: token.encrypt_gcm(b"unknown", b"", b""))
    assert not hsm.run(Token.has_anchor)


def test_a_wrong_pin_is_tried_once(token_uri: Pkcs11Uri) -> None:
    pin = token_uri.pin_source.path  # type: ignore[union-attr]
    right = pin.read_text()
    pin.write_text("wrong")
    with HsmThread(token_uri) as thread:
        with pytest.raises(HsmUnavailable, match="refused the PIN"):
            thread.run(Token.has_anchor)
        with pytest.raises(HsmUnavailable, match="not tried again"):
            thread.run(Token.has_anchor)
        pin.write_text(right)
        assert thread.run(Token.has_anchor)


def test_logging_in_has_patience_but_not_for_ever(token_uri: Pkcs11Uri) -> None:
    """A token whose folder is away gives what one does that another process writes to."""
    assert token_uri.softhsm2_conf is not None
    tokens = token_uri.softhsm2_conf.parent / "tokens"
    with HsmThread(token_uri) as hsm:
        tokens.rename(tokens.with_name("away"))
        with pytest.raises(HsmUnavailable, match="GeneralError"):
            hsm.run(Token.connect)
        tokens.with_name("away").rename(tokens)
        hsm.run(Token.connect)
        assert hsm.run(Token.has_anchor)


LOG_IN = """
import sys
from sidecar.hsm import HsmThread, Pkcs11Uri, Token
with HsmThread(Pkcs11Uri.parse(sys.argv[1])) as hsm:
    for _ in range(20):
        hsm.run(Token.connect)
        assert hsm.run(Token.has_anchor)
        hsm.run(Token.forget)
"""


def test_processes_that_log_in_at_once_all_get_in(token_uri: Pkcs11Uri) -> None:
    command = [sys.executable, "-c", LOG_IN, str(token_uri)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]


def test_one_process_uses_a_module_once(hsm: HsmThread, token_uri: Pkcs11Uri) -> None:
    hsm.run(Token.has_anchor)
    with pytest.raises(HsmUnavailable, match="another part of this process"):
        HsmThread(token_uri)


def test_a_folder_is_provisioned_once(
    token_uri: Pkcs11Uri, make_token: Callable[..., Pkcs11Uri]
) -> None:
    assert token_uri.softhsm2_conf is not None
    folder = token_uri.softhsm2_conf.parent
    for path in (folder, *folder.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
    with pytest.raises(Misconfigured, match="holds a token already"):
        make_token()


def test_a_module_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="apt-get install softhsm2"):
        softhsm.provision(tmp_path / "hsm", module=tmp_path / "absent.so")


@pytest.mark.usefixtures("key")
def test_a_forked_child_connects_afresh_and_leaves_its_parent_alone(hsm: HsmThread) -> None:
    iv, ciphertext = _encrypt(hsm)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, _decrypt(hsm, iv, ciphertext))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == b"a data key"
    os.waitpid(child, 0)
    assert _decrypt(hsm, iv, ciphertext) == b"a data key"
