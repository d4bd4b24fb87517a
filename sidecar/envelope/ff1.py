# SPDX-License-Identifier: Apache-2.0
"""FF1 over decimal digits (NIST SP 800-38G rev. 1, algorithms 7 and 8), radix 10 alone.

Names follow the standard: a tweak T, numeral strings A and B of u and v digits, rounds i, and the
integers c and y. Key, tweak and digits are checked by `format_preserving`.
"""

from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

_RADIX = 10
_ROUNDS = 10
_BLOCK = 16


def encrypt(key: bytes, tweak: bytes, digits: str) -> str:
    """Algorithm 7, FF1.Encrypt."""
    u = len(digits) // 2
    v = len(digits) - u
    a, b = int(digits[:u]), int(digits[u:])
    feistel = _round_function(key, tweak, len(digits))
    for i in range(_ROUNDS):
        m = v if i % 2 else u
        a, b = b, (a + feistel(i, b)) % _RADIX**m
    return f"{a:0{u}d}{b:0{v}d}"


def decrypt(key: bytes, tweak: bytes, digits: str) -> str:
    """Algorithm 8, FF1.Decrypt."""
    u = len(digits) // 2
    v = len(digits) - u
    a, b = int(digits[:u]), int(digits[u:])
    feistel = _round_function(key, tweak, len(digits))
    for i in reversed(range(_ROUNDS)):
        m = v if i % 2 else u
        a, b = (b - feistel(i, a)) % _RADIX**m, a
    return f"{a:0{u}d}{b:0{v}d}"


def _round_function(key: bytes, tweak: bytes, n: int) -> Callable[[int, int], int]:
    """Steps 3 to 6.iv of both algorithms: round number and NUMradix(B) to the integer y."""
    u = n // 2
    v = n - u
    # Step 3: bytes of the longer half, ceil(ceil(v * log2(radix)) / 8), in exact integers.
    b = ((_RADIX**v - 1).bit_length() + 7) // 8
    d = 4 * ((b + 3) // 4) + 4
    encrypt_block = Cipher(AES(key), ECB()).encryptor().update  # noqa: S305 - the block cipher itself, as FF1 asks
    p = b"\x01\x02\x01%b\x0a%c%b%b" % (
        _RADIX.to_bytes(3),
        u % 256,
        n.to_bytes(4),
        len(tweak).to_bytes(4),
    )
    after_p = encrypt_block(p)  # the first link of every round's CBC-MAC
    head = tweak + bytes(-(len(tweak) + b + 1) % _BLOCK)

    def y(i: int, numeral: int) -> int:
        q = b"%b%c%b" % (head, i, numeral.to_bytes(b))
        r = after_p
        for at in range(0, len(q), _BLOCK):
            r = encrypt_block(_xor(r, q[at : at + _BLOCK]))
        s = r
        for j in range(1, -(-d // _BLOCK)):
            s += encrypt_block(_xor(r, j.to_bytes(_BLOCK)))
        return int.from_bytes(s[:d])

    return y


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(_BLOCK)
