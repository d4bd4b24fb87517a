# SPDX-License-Identifier: Apache-2.0
"""What a token does with RSA is what another implementation expects; a bad padding is one error."""

import hashlib
import secrets
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.hsm import BadCiphertext, HsmThread, KeyMissing, making, softhsm
from sidecar.hsm.making import Use
from sidecar.hsm.rsa import (
    Oaep,
    decrypt_oaep,
    decrypt_pkcs1,
    sign_pkcs1,
    sign_pss,
    strip_oaep,
    strip_pkcs1,
)

SHA_256 = hashes.SHA256()
HASHES: dict[Oaep, hashes.HashAlgorithm] = {Oaep.SHA_1: hashes.SHA1(), Oaep.SHA_256: SHA_256}
DIGEST = hashlib.sha256(b"a message").digest()

_OUTSIDE = rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HsmThread]:
    """One for all: its pairs take long to make."""
    with HsmThread(softhsm.provision(tmp_path_factory.mktemp("hsm") / "hsm")) as thread:
        yield thread


@pytest.fixture(scope="module")
def signer(hsm: HsmThread) -> rsa.RSAPublicKey:
    return make(hsm, b"signer", Use.SIGN)


@pytest.fixture(scope="module")
def opener(hsm: HsmThread) -> rsa.RSAPublicKey:
    return make(hsm, b"opener", Use.DECRYPT)


def make(hsm: HsmThread, key_id: bytes, use: Use) -> rsa.RSAPublicKey:
    der = hsm.run(lambda token: token.make(key_id, making.rsa(key_id, "a CMK", 2048, use)))
    public = load_der_public_key(der)
    assert isinstance(public, rsa.RSAPublicKey)
    return public


def oaep(kind: Oaep) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(HASHES[kind]), HASHES[kind], None)


def test_signatures_verify_elsewhere(hsm: HsmThread, signer: rsa.RSAPublicKey) -> None:
    signature = hsm.run(lambda token: sign_pkcs1(token, b"signer", DIGEST))
    signer.verify(signature, DIGEST, padding.PKCS1v15(), Prehashed(SHA_256))
    signature = hsm.run(lambda token: sign_pss(token, b"signer", DIGEST))
    signer.verify(signature, DIGEST, padding.PSS(padding.MGF1(SHA_256), 32), Prehashed(SHA_256))


@pytest.mark.parametrize("kind", Oaep)
@pytest.mark.parametrize("message", [b"", b"\0", b"\1", b"\0\1 a data key", bytes(190)])
def test_what_was_encrypted_elsewhere_is_decrypted(
    hsm: HsmThread, opener: rsa.RSAPublicKey, kind: Oaep, message: bytes
) -> None:
    ciphertext = opener.encrypt(message, oaep(kind))
    assert hsm.run(lambda token: decrypt_oaep(token, b"opener", ciphertext, kind)) == message


@pytest.mark.parametrize("kind", Oaep)
def test_everything_that_does_not_decrypt_is_one_error_and_the_token_serves_on(
    hsm: HsmThread, opener: rsa.RSAPublicKey, kind: Oaep
) -> None:
    good = opener.encrypt(b"a data key", oaep(kind))
    size, modulus = len(good), opener.public_numbers().n
    other = Oaep.SHA_1 if kind is Oaep.SHA_256 else Oaep.SHA_256
    for bad in (
        b"",
        good[:-1],
        good + b"\0",
        good[:-1] + bytes([good[-1] ^ 1]),
        bytes(size),
        (1).to_bytes(size),
        (modulus - 1).to_bytes(size),
        modulus.to_bytes(size),
        b"\xff" * size,
        opener.encrypt(b"a data key", oaep(other)),
        opener.encrypt(b"a data key", padding.PKCS1v15()),
        _OUTSIDE.public_key().encrypt(b"a data key", oaep(kind)),
    ):
        with pytest.raises(BadCiphertext) as caught:
            hsm.run(lambda token, bad=bad: decrypt_oaep(token, b"opener", bad, kind))
        assert caught.value.why == BadCiphertext().why
    assert hsm.run(lambda token: decrypt_oaep(token, b"opener", good, kind)) == b"a data key"


def test_material_that_was_wrapped_in_the_old_padding_comes_out(
    hsm: HsmThread, opener: rsa.RSAPublicKey
) -> None:
    material = secrets.token_bytes(32)
    good = opener.encrypt(material, padding.PKCS1v15())
    assert hsm.run(lambda token: decrypt_pkcs1(token, b"opener", good, 32)) == material
    for bad, size in ((good[:-1], 32), (good, 31), (good, 33), (good, 16), (bytes(256), 32)):
        with pytest.raises(BadCiphertext):
            hsm.run(lambda token, bad=bad, size=size: decrypt_pkcs1(token, b"opener", bad, size))


def test_nothing_is_made_up_for_what_was_never_wrapped(
    hsm: HsmThread, opener: rsa.RSAPublicKey
) -> None:
    """A CMK would keep for ever what nobody has."""
    modulus = opener.public_numbers().n
    for _ in range(500):
        bad = secrets.randbelow(modulus).to_bytes(256)
        with pytest.raises(BadCiphertext):
            hsm.run(lambda token, bad=bad: decrypt_pkcs1(token, b"opener", bad, 32))


MESSAGE = b"sixteen bytes of"


@pytest.mark.parametrize(
    "encoded",
    [
        b"\0\2" + b"\7" * 7 + b"\0" + MESSAGE,
        b"\0\2" + b"\7" * 4 + b"\0" + b"\7" * 4 + b"\0" + MESSAGE,
        b"\0\2" + b"\7" * 9 + MESSAGE,
        b"\0\1" + b"\xff" * 8 + b"\0" + MESSAGE,
        b"\1\2" + b"\7" * 8 + b"\0" + MESSAGE,
        b"\2" + b"\7" * 8 + b"\0" + MESSAGE,
        b"\0\2" + b"\7" * 8 + b"\0" + MESSAGE + b"\0",
        MESSAGE,
        b"",
    ],
)
def test_an_old_padding_is_right_in_all_its_bytes(encoded: bytes) -> None:
    assert strip_pkcs1(b"\0\2" + b"\7" * 8 + b"\0" + MESSAGE, 16) == MESSAGE
    with pytest.raises(BadCiphertext):
        strip_pkcs1(encoded, 16)


def test_a_key_that_never_was_is_missing(hsm: HsmThread) -> None:
    for work in (
        lambda token: sign_pss(token, b"nobody", DIGEST),
        lambda token: decrypt_oaep(token, b"nobody", bytes(256), Oaep.SHA_256),
    ):
        with pytest.raises(KeyMissing):
            hsm.run(work)


@given(st.binary(max_size=190))
@settings(max_examples=20, deadline=None)
def test_the_padding_is_taken_off_as_the_standard_has_it(message: bytes) -> None:
    for kind in Oaep:
        encoded = _raw(_OUTSIDE.public_key().encrypt(message, oaep(kind)))
        assert strip_oaep(encoded, kind.value[0]) == message


@given(st.integers(0, 255), st.integers(1, 255), st.binary(min_size=1, max_size=64))
@settings(max_examples=60, deadline=None)
def test_an_encoding_with_any_byte_changed_is_refused(at: int, change: int, message: bytes) -> None:
    encoded = bytearray(_raw(_OUTSIDE.public_key().encrypt(message, oaep(Oaep.SHA_256))))
    encoded[at] ^= change
    with pytest.raises(BadCiphertext):
        strip_oaep(bytes(encoded), "sha256")


@given(st.binary(max_size=70))
@settings(max_examples=50, deadline=None)
def test_what_is_too_short_for_a_padding_is_refused(encoded: bytes) -> None:
    with pytest.raises(BadCiphertext):
        strip_oaep(encoded, "sha256")


def _raw(ciphertext: bytes) -> bytes:
    """The private operation alone, as CKM_RSA_X_509 gives it."""
    numbers = _OUTSIDE.private_numbers()
    opened = pow(int.from_bytes(ciphertext), numbers.d, numbers.public_numbers.n)
    return opened.to_bytes(256)
