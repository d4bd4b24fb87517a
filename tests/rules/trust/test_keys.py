# SPDX-License-Identifier: Apache-2.0
"""Keys that sign rules: Ed25519 alone, and the signing key for nobody else to read."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from sidecar.errors import Misconfigured
from sidecar.rules.trust import generate_key, read_signing_key, read_trust_keys
from sidecar.rules.trust.keys import TrustKey


def test_both_halves_are_of_one_key(tmp_path: Path) -> None:
    private, public = generate_key()
    (tmp_path / "key").write_bytes(private)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "pub").write_bytes(public)
    (trusted,) = read_trust_keys(tmp_path / "pub")
    assert TrustKey.of(read_signing_key(tmp_path / "key").public_key()).id == trusted.id


def test_a_signing_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(generate_key()[0])
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(Misconfigured, match="is open to others"):
        read_signing_key(tmp_path / "key")


def test_other_keys_are_refused(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1())
    pems = {
        "key": other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "pub": other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    }
    for name, pem in pems.items():
        (tmp_path / name).write_bytes(pem)
        (tmp_path / name).chmod(0o600)
    with pytest.raises(Misconfigured, match="not an Ed25519 key"):
        read_signing_key(tmp_path / "key")
    with pytest.raises(Misconfigured, match="not Ed25519 public keys"):
        read_trust_keys(tmp_path / "pub")


@pytest.mark.parametrize("extra", [b"", b"x", b"-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_a_trust_file_is_read_whole_or_not_at_all(tmp_path: Path, extra: bytes) -> None:
    public = generate_key()[1] if extra else b""
    (tmp_path / "pub").write_bytes(public + extra)
    with pytest.raises(Misconfigured, match="and nothing else"):
        read_trust_keys(tmp_path / "pub")


def test_the_private_half_is_no_trust(tmp_path: Path) -> None:
    """Whoever puts the signing key where the proxy reads has given it away."""
    (tmp_path / "pub").write_bytes(generate_key()[0])
    with pytest.raises(Misconfigured, match="not Ed25519 public keys"):
        read_trust_keys(tmp_path / "pub")
