# SPDX-License-Identifier: Apache-2.0
"""What a suite is: the algorithms behind one suite id, for ever.

There are two shapes. A `ChunkedSuite` seals under a data key with a salt (C2SP
chunked-encryption); a `DeterministicSuite` seals equal values to equal envelopes under a lookup
key. Each instance stands in a module of its own in `suites/`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct
from typing import ClassVar, Protocol

from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sidecar.envelope import chunks
from sidecar.errors import CannotOpen, Malformed

KEY_LENGTH = 32
"""Bytes of every data key and lookup key, whatever cipher the suite keys from them. One of another
length is refused: padding or cutting it would weaken it unnoticed."""

NONCE_LENGTH = 12
SIV_LENGTH = 16

type Buffer = bytes | bytearray | memoryview


class KeyKind(IntEnum):
    """How an envelope names the key that opens it; the byte ahead of the reference."""

    EDK = 1
    """The encrypted data key itself: data and CMK are all that a recovery needs."""
    LOOKUP = 2
    """Eight bytes that name a lookup key, whose EDK stands in the rule."""


class Aead(Protocol):
    """A cipher keyed for one message, in the shape of `cryptography`; InvalidTag when altered."""

    def encrypt(self, nonce: Buffer, data: Buffer, associated_data: None) -> bytes: ...

    def decrypt(self, nonce: Buffer, data: Buffer, associated_data: None) -> bytes: ...

    def encrypt_into(
        self, nonce: Buffer, data: Buffer, associated_data: None, buf: memoryview
    ) -> int: ...

    def decrypt_into(
        self, nonce: Buffer, data: Buffer, associated_data: None, buf: memoryview
    ) -> int: ...


class Siv(Protocol):
    """A deterministic cipher keyed for one context (RFC 5297); InvalidTag when altered."""

    def encrypt(self, data: Buffer, associated_data: None) -> bytes: ...

    def decrypt(self, data: Buffer, associated_data: None) -> bytes: ...


class Suite(Protocol):
    """What the format needs to know of any suite."""

    key_kind: ClassVar[KeyKind]

    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...

    def plaintext_length(self, body: int) -> int:
        """The length of the plaintext in a body of `body` bytes; Malformed when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ChunkedSuite:
    """C2SP chunked-encryption over one AEAD and one hash.

    `aead` is the cipher's name that goes into the derivation, so that a body never opens under
    another suite than its own.
    """

    key_kind: ClassVar[KeyKind] = KeyKind.EDK

    id: int
    name: str
    aead: bytes
    hash: HashAlgorithm
    cipher_key_length: int
    cipher: Callable[[bytes], Aead]
    _domain: bytes = field(init=False)
    _parts: Struct = field(init=False)

    def __post_init__(self) -> None:
        domain = b"c2sp.org/chunked-encryption@v1+%b\x00" % self.aead
        object.__setattr__(self, "_domain", domain)
        lengths = (self.cipher_key_length, NONCE_LENGTH, chunks.COMMITMENT_LENGTH)
        rest = 2 * self.hash.digest_size - sum(lengths)
        object.__setattr__(self, "_parts", Struct("{}s{}s{}s{}x".format(*lengths, rest)))

    plaintext_length = staticmethod(chunks.plaintext_length)

    def keyed(self, data_key: Buffer) -> "Keyed":
        """A data key at work in this suite; CannotOpen for one of another length."""
        if len(data_key) != KEY_LENGTH:
            raise CannotOpen
        return Keyed(self.id, self._domain, HMAC(data_key, self.hash), self._parts, self.cipher)


class Keyed:
    """A data key at work in one suite: derives what each of its messages is sealed with.

    The HMAC that is keyed here once is as secret as the key, and goes when the key does.
    """

    __slots__ = ("_cipher", "_copy", "_domain", "_unpack", "suite")

    def __init__(
        self, suite: int, domain: bytes, mac: HMAC, parts: Struct, cipher: Callable[[bytes], Aead]
    ) -> None:
        self.suite = suite
        self._domain = domain
        self._copy = mac.copy
        self._unpack = parts.unpack
        self._cipher = cipher

    def derive(self, salt: Buffer, context: bytes) -> tuple[Aead, bytes, bytes]:
        """The keyed cipher, the base nonce and the commitment of one message.

        C2SP chunked-encryption, section "Key derivation": HKDF-Expand without Extract, because a
        data key is uniformly random already. RFC 5869 section 2.3: in every suite, two blocks.
        """
        info = b"".join((self._domain, salt, context))
        mac = self._copy()
        mac.update(info + b"\x01")
        first = mac.finalize()
        mac = self._copy()
        mac.update(first + info + b"\x02")
        key, nonce, commitment = self._unpack(first + mac.finalize())
        return self._cipher(key), nonce, commitment


@dataclass(frozen=True, slots=True)
class DeterministicSuite:
    """AES-SIV under a key of its own for each context. FORMAT.md section "Deterministic body"."""

    key_kind: ClassVar[KeyKind] = KeyKind.LOOKUP

    id: int
    name: str
    aead: bytes
    hash: HashAlgorithm
    cipher_key_length: int
    cipher: Callable[[bytes], Siv]

    def plaintext_length(self, body: int) -> int:
        if body <= SIV_LENGTH:
            raise Malformed(f"no deterministic body is {body} bytes long")
        return body - SIV_LENGTH

    def derive(self, lookup_key: Buffer, context: bytes) -> Siv:
        """The cipher for one context."""
        if len(lookup_key) != KEY_LENGTH:
            raise CannotOpen
        info = b"envelope-sidecar/deterministic@v1+%b\x00%b" % (self.aead, context)
        return self.cipher(HKDFExpand(self.hash, self.cipher_key_length, info).derive(lookup_key))
