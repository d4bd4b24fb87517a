# SPDX-License-Identifier: Apache-2.0
"""The signature file has one spelling, and every bit of it counts."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import Misconfigured
from sidecar.rules import RuleFile
from sidecar.rules.trust import describe, parse_signature, sign, verify
from sidecar.rules.trust.keys import TrustKey
from sidecar.rules.trust.manifest import LAST_VERSION

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUSTED = (TrustKey.of(KEY.public_key()),)
FILES = (RuleFile(Path("rules/b.yaml"), b"b"), RuleFile(Path("rules/a.test.yaml"), b""))
SIGNED = sign(describe(FILES, 12), KEY).encode()


def test_the_file_is_spelled_as_it_is_documented() -> None:
    assert (
        SIGNED.decode()
        == """\
envelope-sidecar rules v1
version 12
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.test.yaml
3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b.yaml
signed-by 56475aa75463474c kyKZQdf9DFubo9C1WkFN6+K2HmsUOTmAqVyoyEUn4spGUXplPnC22zgxhkorRbZ\
1NCAk/ZegyaGD3Q5JHQb5Ag==
"""
    )


def test_what_was_signed_is_verified() -> None:
    assert verify(SIGNED, FILES, TRUSTED) == describe(reversed(FILES), 12)


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_no_byte_may_be_another(at: int, bits: int) -> None:
    altered = bytearray(SIGNED)
    altered[at] ^= bits
    with pytest.raises(Misconfigured):
        verify(bytes(altered), FILES, TRUSTED)


@given(st.integers(0, len(SIGNED) - 1))
def test_nothing_may_be_missing(length: int) -> None:
    with pytest.raises(Misconfigured, match="cut short"):
        parse_signature(SIGNED[:length])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"version 12", b"version 012"),
        (b"version 12", b"version 0"),
        (b"\n", b"\r\n"),
        (b"  b.yaml", b"  a.test.yaml"),
        (b"  b.yaml", b"  A.yaml"),
        (b"  b.yaml", b"  ../b.yaml"),
        (b"Ag==\n", b"Ah==\n"),
        (b"Ag==\n", b"Ag==\n\n"),
    ],
)
def test_another_spelling_is_none(old: bytes, new: bytes) -> None:
    with pytest.raises(Misconfigured):
        parse_signature(SIGNED.replace(old, new))


@pytest.mark.parametrize("version", [0, -1, LAST_VERSION + 1])
def test_versions_are_bounded(version: int) -> None:
    with pytest.raises(Misconfigured, match="is from 1 to"):
        describe(FILES, version)
