# SPDX-License-Identifier: Apache-2.0
"""Certificates and private keys in PEM files, as the proxy shows them and as its CA signs."""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sidecar.errors import Misconfigured
from sidecar.private_file import read_private
from sidecar.regular_file import read_regular

Key = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
"""The kinds of key that TLS takes."""


def read_certificates(path: Path) -> list[x509.Certificate]:
    """The certificates in `path`, at least one; Misconfigured."""
    try:
        return x509.load_pem_x509_certificates(read_regular(path))
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise Misconfigured(f"{path}: no certificates in PEM") from None


def read_private_key(path: Path) -> Key:
    """The private key in `path`, which only its owner and group may read; Misconfigured."""
    content = read_private(path)
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError:
        raise Misconfigured(f"{path}: the key is locked by a passphrase; unlock it") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Misconfigured(f"{path}: no private key in PEM") from None
    if not isinstance(key, Key):
        raise Misconfigured(f"{path}: a {type(key).__name__} is not for TLS")
    return key
