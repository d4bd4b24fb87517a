# SPDX-License-Identifier: Apache-2.0
"""Envelopes in text: `enc:1:` and base64url without padding. FORMAT.md section "Text form"."""

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable
from functools import lru_cache

from sidecar.envelope.format import MAX_ENVELOPE_LENGTH, Envelope, read_frame
from sidecar.envelope.suite import KeyKind
from sidecar.errors import Malformed

PREFIX = "enc:1:"
MAX_TEXT_LENGTH = len(PREFIX) + (MAX_ENVELOPE_LENGTH * 4 + 2) // 3

_PREFIX_BYTES = PREFIX.encode()
_START_LENGTH = len(_PREFIX_BYTES) + 8
"""Characters that spell the first six bytes; they say how long the header is."""
_TO_URL = bytes.maketrans(b"+/", b"-_")
# The other alphabet and padding become bytes that a strict decoder refuses.
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/***")
# By characters in the last group. RFC 4648 section 3.5: the bits beyond the data are zero.
_LAST = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")
_PADDING = (b"", b"", b"==", b"=")
_CLAIM = re.compile(r"enc:[0-9]+:")
_CLAIM_BYTES = re.compile(_CLAIM.pattern.encode())


def is_sealed_text(text: str | bytes) -> bool:
    """Whether `text` claims to be an envelope, of this text version or a later one.

    Later versions count, so that a value sealed by a newer release is never taken for plaintext.
    """
    pattern = _CLAIM if isinstance(text, str) else _CLAIM_BYTES
    return pattern.match(text) is not None  # type: ignore[arg-type]  # a pattern for each


def to_text(envelope: bytes) -> str:
    """`envelope` as text."""
    return to_ascii(envelope).decode("ascii")


def to_ascii(envelope: bytes) -> bytes:
    """`envelope` as text, in bytes."""
    return _PREFIX_BYTES + encode(envelope)


def encode(data: bytes) -> bytes:
    """base64url without padding."""
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL)


def from_text(text: str) -> bytes:
    """The envelope's bytes; Malformed as `from_ascii` says."""
    try:
        return from_ascii(text.encode("ascii"))
    except UnicodeEncodeError:
        raise Malformed("a sealed text is not base64url without padding") from None


def parse_text(text: bytes) -> Envelope:
    """The envelope that `text` spells; Malformed as `from_ascii` and `parse`.

    Envelopes under one key start alike, and what the same characters say is read once.
    """
    if len(text) > MAX_TEXT_LENGTH:
        raise Malformed(f"a sealed text has at most {MAX_TEXT_LENGTH} characters")
    suite, kind, check_length, stop, left = _read_start(text[:_START_LENGTH])
    data = _decode(text[stop:])
    check_length(len(data) - left)
    return Envelope(suite, kind, _read_key(text[:stop]) + data[:left], data[left:])


@lru_cache(maxsize=256)
def _read_start(start: bytes) -> tuple[int, KeyKind, Callable[[int], int], int, int]:
    """What is said there: the suite, its kind of key, whether a body may have a length.

    And where the whole groups of characters of the header stop; the bytes of it that are left,
    which the next group spells, are counted.
    """
    suite, _, length = read_frame(from_ascii(start))
    stop = len(_PREFIX_BYTES) + length // 3 * 4
    return suite.id, suite.key_kind, suite.plaintext_length, stop, length % 3


@lru_cache(maxsize=256)
def _read_key(head: bytes) -> bytes:
    """The key's name, as far as whole groups of the header spell it."""
    data = from_ascii(head)
    return data[read_frame(data)[1] :]


def from_ascii(text: bytes) -> bytes:
    """The envelope's bytes.

    Raises:
        Malformed: `text` is not the one spelling of any bytes (RFC 4648 section 3.5 leaves
            several: padding, stray bits, both alphabets).
    """
    if not text.startswith(_PREFIX_BYTES):
        raise Malformed(f"a sealed text starts with {PREFIX}")
    if len(text) > MAX_TEXT_LENGTH:
        raise Malformed(f"a sealed text has at most {MAX_TEXT_LENGTH} characters")
    return _decode(text[len(_PREFIX_BYTES) :])


def _decode(text: bytes) -> bytes:
    encoded = text.translate(_FROM_URL)
    part = len(encoded) % 4
    if part:
        if encoded[-1] not in _LAST[part]:
            raise Malformed("a sealed text is cut short or has stray bits")
        encoded += _PADDING[part]
    try:
        return a2b_base64(encoded, strict_mode=True)
    except Error:
        raise Malformed("a sealed text is not base64url without padding") from None
