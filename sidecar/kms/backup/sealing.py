# SPDX-License-Identifier: Apache-2.0
r"""A file that is sealed under a passphrase, written and read in pieces.

    "envelope-sidecar-kms-backup/1\n" ‖ scrypt salt (16) ‖ body

The body is that of an envelope (FORMAT.md) under a key that scrypt (RFC 7914; N = 2**17, r = 8,
p = 1: 128 MiB) makes of the passphrase; what stands before it is its context.
"""

import secrets
from typing import BinaryIO

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sidecar.envelope import SALT_LENGTH, Opener, Sealer
from sidecar.envelope.suites.cobblestone_256 import SUITE
from sidecar.errors import CannotOpen, Misconfigured

MAGIC = b"envelope-sidecar-kms-backup/1\n"
SCRYPT_SALT_BYTES = 16
PIECE = 1024 * 1024


class SealedWriter:
    """Takes what is to be sealed by `write`; `finish` makes it whole."""

    def __init__(self, file: BinaryIO, passphrase: bytes) -> None:
        head = MAGIC + secrets.token_bytes(SCRYPT_SALT_BYTES)
        file.write(head)
        self._file = file
        key = _key(passphrase, head)
        self._sealer = Sealer(SUITE.keyed(key), secrets.token_bytes(SALT_LENGTH), head)

    def write(self, data: bytes) -> int:
        self._file.write(self._sealer.update(data))
        return len(data)

    def finish(self) -> None:
        self._file.write(self._sealer.finish())


class SealedReader:
    """Gives what was sealed by `read`; raise Misconfigured where it does not open."""

    def __init__(self, file: BinaryIO, passphrase: bytes) -> None:
        head = file.read(len(MAGIC) + SCRYPT_SALT_BYTES)
        self._file = file
        self._opener = Opener(SUITE.keyed(_key(passphrase, head)), head)
        self._ready = bytearray()
        self._is_over = False

    def read(self, size: int) -> bytes:
        while len(self._ready) < size and not self._is_over:
            self._fill()
        piece = bytes(self._ready[:size])
        del self._ready[:size]
        return piece

    def _fill(self) -> None:
        sealed = self._file.read(PIECE)
        try:
            self._ready += self._opener.update(sealed) if sealed else self._opener.finish()
        except CannotOpen:
            raise Misconfigured(
                "the backup does not open: the passphrase is another one, or the file is damaged"
            ) from None
        self._is_over = not sealed


def is_sealed(file: BinaryIO) -> bool:
    """Whether a passphrase is needed; the file is left at its beginning."""
    found = file.read(len(MAGIC))
    file.seek(0)
    return found == MAGIC


def _key(passphrase: bytes, head: bytes) -> bytes:
    return Scrypt(salt=head[len(MAGIC) :], length=32, n=2**17, r=8, p=1).derive(passphrase)
