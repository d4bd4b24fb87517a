# SPDX-License-Identifier: Apache-2.0
"""The attack that the commitment stops: one AES-GCM ciphertext that opens under two keys.

AES-GCM is linear in its ciphertext, so one block of it can be chosen such that the tag is right
under both keys (Dodis, Grubbs, Ristenpart, Woodage, CRYPTO 2018). Names follow SP 800-38D.
"""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

R = 0xE1 << 120


def multiply(x: int, y: int) -> int:
    """Algorithm 1; bit 0 is the leftmost."""
    z = 0
    for i in range(127, -1, -1):
        if x >> i & 1:
            z ^= y
        y = y >> 1 ^ R if y & 1 else y >> 1
    return z


def invert(x: int) -> int:
    result = 1 << 127  # the field's one
    for _ in range(127):  # x to the power 2**128 - 2
        x = multiply(x, x)
        result = multiply(result, x)
    return result


def opens_under_both(first: tuple[bytes, bytes], second: tuple[bytes, bytes]) -> bytes:
    """Two blocks and their tag; `first` and `second` are a key and a nonce each."""
    block, lengths = int.from_bytes(b"any first block!"), 256
    (h1, e1), (h2, e2) = (_secrets(*pair) for pair in (first, second))
    square1, square2 = multiply(h1, h1), multiply(h2, h2)
    rest = e1 ^ e2
    rest ^= multiply(block, multiply(square1, h1) ^ multiply(square2, h2))
    rest ^= multiply(lengths, h1 ^ h2)
    chosen = multiply(rest, invert(square1 ^ square2))
    tag = multiply(block, multiply(square1, h1)) ^ multiply(chosen, square1)
    tag ^= multiply(lengths, h1) ^ e1
    return block.to_bytes(16) + chosen.to_bytes(16) + tag.to_bytes(16)


def _secrets(key: bytes, nonce: bytes) -> tuple[int, int]:
    """H, and the encrypted first counter block."""
    encrypt = Cipher(AES(key), ECB()).encryptor().update
    return int.from_bytes(encrypt(bytes(16))), int.from_bytes(encrypt(nonce + b"\x00\x00\x00\x01"))
