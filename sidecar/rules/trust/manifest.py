# SPDX-License-Identifier: Apache-2.0
"""The signature file: what is signed, and its one spelling.

    envelope-sidecar rules v1
    version 12
    <SHA-256 in hex>  crm.test.yaml
    <SHA-256 in hex>  crm.yaml
    signed-by <id of the key> <Ed25519 signature in base64>

What is signed (RFC 8032, Ed25519) is everything above the last line, with its line ends. The first
line keeps it apart from whatever else the key may sign. Files stand in the order of their names.
Only what encodes again to the very same bytes is one.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sidecar.errors import Misconfigured
from sidecar.rules.files import RuleFile
from sidecar.rules.trust.keys import TrustKey

HEADER = "envelope-sidecar rules v1"
LAST_VERSION = 10**15

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}")
_LINES = re.compile(
    rf"{HEADER}\n"
    r"version ([1-9][0-9]{0,15})\n"
    rf"((?:[0-9a-f]{{64}}  {_NAME.pattern}\n)+)"
    r"signed-by ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)\n"
)


class Manifest(NamedTuple):
    """The files of a set, name → SHA-256 in hex, and which edition of the rules they are."""

    version: int
    files: tuple[tuple[str, str], ...]

    def encode(self) -> bytes:
        """What is signed."""
        lines = [HEADER, f"version {self.version}"]
        lines += [f"{digest}  {name}" for name, digest in self.files]
        return "".join(f"{line}\n" for line in lines).encode()

    @property
    def digest(self) -> str:
        """What tells two sets of one version apart."""
        return hashlib.sha256(self.encode()).hexdigest()


class Signature(NamedTuple):
    """A manifest and who is said to have signed it; nothing of it is believed unverified."""

    manifest: Manifest
    key_id: str
    value: bytes

    def encode(self) -> bytes:
        """The signature file."""
        text = f"signed-by {self.key_id} {b64encode(self.value).decode()}\n"
        return self.manifest.encode() + text.encode()


def describe(files: Iterable[RuleFile], version: int) -> Manifest:
    """The manifest of `files`: all of one folder, or one alone."""
    if not 1 <= version <= LAST_VERSION:
        raise Misconfigured(f"the version of a set of rules is from 1 to {LAST_VERSION}")
    hashes = {}
    for file in files:
        name = file.path.name
        if not _NAME.fullmatch(name):
            raise Misconfigured(
                f"{file.path}: the name of a signed file has ASCII letters, digits, '.', '_' and "
                "'-' alone"
            )
        hashes[name] = hashlib.sha256(file.data).hexdigest()
    return Manifest(version, tuple(sorted(hashes.items())))


def sign(manifest: Manifest, key: Ed25519PrivateKey) -> Signature:
    """`manifest` signed with `key`."""
    trusted = TrustKey.of(key.public_key())
    return Signature(manifest, trusted.id, key.sign(manifest.encode()))


def parse_signature(data: bytes) -> Signature:
    """What a signature file says; Misconfigured where it is none."""
    found = _LINES.fullmatch(data.decode("latin-1"))
    if found is None:
        raise Misconfigured("not a signature of rules, or cut short")
    version, lines, key_id, text = found.groups()
    pairs = (line.split("  ") for line in lines.splitlines())
    manifest = Manifest(int(version), tuple((name, digest) for digest, name in pairs))
    signature = Signature(manifest, key_id, b64decode(text))
    if signature.encode() != data or list(manifest.files) != sorted(dict(manifest.files).items()):
        raise Misconfigured("a signature of rules in another spelling than its own")
    return signature
