# SPDX-License-Identifier: Apache-2.0
"""Digits to as many other digits, for stores that insist on the shape of a number.

FF1 under a key of its own for each context; the digits that are kept are the tweak. There is no
authentication: any digits reveal to some digits, altered ones to wrong ones, without an error.
FORMAT.md section "Format-preserving digits" says what else it does not give.
"""

import re

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sidecar.envelope import ff1
from sidecar.envelope.suite import KEY_LENGTH, Buffer
from sidecar.errors import CannotOpen, Malformed

MIN_DIGITS = 6
"""SP 800-38G rev. 1 section 5.1: a domain of at least a million values."""
MAX_DIGITS = 256
MAX_TEXT_LENGTH = 1024

_TEXT = re.compile(r"[0-9 ()+./-]*")
_DIGIT = re.compile(r"[0-9]")
_LABEL = b"envelope-sidecar/digits@v1+FF1_AES_256\x00"


def protect(lookup_key: Buffer, context: bytes, text: str, keep_last: int = 0) -> str:
    """`text` with its digits replaced, but for the last `keep_last`; separators stay in place.

    Raises:
        Malformed: Something other than digits and separators stands in `text`, or fewer than
            `MIN_DIGITS` or more than `MAX_DIGITS` digits would be replaced.
    """
    digits = _digits(text, keep_last)
    key, kept = _derive(lookup_key, context), digits[len(digits) - keep_last :]
    return _fill(text, ff1.encrypt(key, kept.encode(), digits[: len(digits) - keep_last]) + kept)


def reveal(lookup_key: Buffer, context: bytes, text: str, keep_last: int = 0) -> str:
    """What `protect` was given; wrong digits, unnoticed, for another key or context.

    Raises:
        CannotOpen: `protect` never makes such a text.
    """
    try:
        digits = _digits(text, keep_last)
    except Malformed:
        raise CannotOpen from None
    key, kept = _derive(lookup_key, context), digits[len(digits) - keep_last :]
    return _fill(text, ff1.decrypt(key, kept.encode(), digits[: len(digits) - keep_last]) + kept)


def _digits(text: str, keep_last: int) -> str:
    if len(text) > MAX_TEXT_LENGTH or not _TEXT.fullmatch(text):
        raise Malformed("a value of digits holds something else than digits and separators")
    digits = "".join(_DIGIT.findall(text))
    if not MIN_DIGITS <= len(digits) - keep_last <= MAX_DIGITS:
        raise Malformed(
            f"{MIN_DIGITS} to {MAX_DIGITS} digits can be replaced, besides the {keep_last} kept"
        )
    return digits


def _fill(text: str, digits: str) -> str:
    replacement = iter(digits)
    return _DIGIT.sub(lambda _: next(replacement), text)


def _derive(lookup_key: Buffer, context: bytes) -> bytes:
    if len(lookup_key) != KEY_LENGTH:
        raise CannotOpen
    return HKDFExpand(SHA512(), 32, _LABEL + context).derive(lookup_key)
