# SPDX-License-Identifier: Apache-2.0
"""Masks: what of a value callers see who are not cleared for it, and what comes back of it.

A mask is a text, whatever the value is:

    ****                          nothing of it
    ****1120                      its last characters
    ****:dGhlIGZpbmdlcnByaW50     its fingerprint, by which equal values are told

The danger of masks is that an application writes back what it has read: the mask would take the
value's place for good. So whatever begins like one is taken at a masked field from nobody.
"""

import json
import re
from collections.abc import Callable

import msgspec

from sidecar.rules import Mask

MARK = "****"

_BEGINS = re.compile(rf"[\s\0\u200b\ufeff]*+{re.escape(MARK)}")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(str).decode


def shown(mask: Mask, lexeme: bytes, fingerprint: Callable[[bytes], str]) -> bytes:
    """What stands in the place of the JSON value `lexeme`.

    Of a value less than twice as long as its shown end nothing is shown, nor of anything but texts
    and numbers.
    """
    if mask.is_hash:
        return _encode(f"{MARK}:{fingerprint(_in_one_spelling(lexeme))}")
    text = _text(lexeme)
    is_long_enough = mask.last and len(text) >= 2 * mask.last
    return _encode(MARK + text[-mask.last :] if is_long_enough else MARK)


def is_mask(lexeme: bytes) -> bool:
    """Whether a JSON value is a mask, or begins like one.

    White space before it does not count, nor do the marks that some put before a whole text.
    """
    if not lexeme.startswith(b'"'):
        return False
    text: str = json.loads(lexeme)  # of a text that is not Unicode the beginning counts as well
    return _BEGINS.match(text) is not None


def _text(lexeme: bytes) -> str:
    """A text, or a number as it is spelled; empty for all else."""
    if lexeme[0] in b"-0123456789":
        return lexeme.decode("ascii")
    try:
        return _decode(lexeme)
    except msgspec.DecodeError:  # no text, or one that is not Unicode
        return ""


def _in_one_spelling(lexeme: bytes) -> bytes:
    try:
        return _encode(_decode(lexeme))
    except msgspec.DecodeError:
        return lexeme
