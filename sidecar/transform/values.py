# SPDX-License-Identifier: Apache-2.0
"""What a rule's field does to one value, in both directions; one class a mode.

All work on JSON lexemes and know no message. `prepare` says what would be sealed before any key is
asked for, so that a bad value is refused without one; `find` reads what is stored as far as that
goes without a key. The rule decides how a value is opened, never the envelope: an envelope of the
other kind does not open (law 2).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from sidecar.backends import UnexpectedShape
from sidecar.envelope import (
    Envelope,
    KeyKind,
    is_sealed_text,
    parse_text,
    plaintext_to_lexeme,
    value_to_plaintext,
)
from sidecar.errors import CannotOpen, Malformed
from sidecar.keys import DataKey, LookupKey
from sidecar.rules import Field, Mode

_INTEGER = re.compile(rb"0|-?[1-9][0-9]*")
_LETTER = re.compile(r"[^\W\d_]")
_NORMALIZE: Mapping[str, Callable[[str], str]] = {
    "trim": str.strip,
    "lower": str.lower,
    "digits": lambda text: "".join(re.findall("[0-9]", text)),
    "nfc": lambda text: unicodedata.normalize("NFC", text),
}
_EDK: Final = KeyKind.EDK  # as a constant it is found ten times as fast as in its class
_QUOTE = ord('"')
_BACKSLASH = ord("\\")
_encode = msgspec.json.Encoder().encode
_decode_text = msgspec.json.Decoder(str).decode


class Keys(msgspec.Struct, frozen=True):
    """The keys of one message; what it does not need is left out."""

    sealing: DataKey | None = None
    opening: Mapping[bytes, DataKey] = {}
    lookup: tuple[LookupKey, ...] = ()


type Stored = Envelope | str
"""A sealed value as the store holds it: an envelope, or digits that are as good as any others."""


class Treatment(Protocol):
    """A field's mode at work."""

    needs_lookup_key: bool

    def prepare(self, lexeme: bytes) -> bytes:
        """What is to be sealed of the JSON value `lexeme`; UnexpectedShape, Malformed."""

    def seal(self, keys: Keys, context: bytes, plaintext: bytes) -> bytes:
        """The JSON value that goes to the store; Malformed, TooLarge, KeyUnavailable."""

    def find(self, lexeme: bytes) -> Stored | None:
        """What `lexeme` holds, or None where it was never sealed; CannotOpen where it is broken."""

    def open(self, keys: Keys, context: bytes, stored: Stored) -> bytes:
        """The JSON value that goes to the client; CannotOpen, KeyUnavailable."""


class _Enveloped:
    """Values that become envelopes in text."""

    def __init__(self, field: Field, *, needs_lookup_key: bool) -> None:
        self._field = field
        self.needs_lookup_key = needs_lookup_key

    def find(self, lexeme: bytes) -> Stored | None:
        if _BACKSLASH in lexeme:
            text = _find_bytes(lexeme) or b""
            if not text.startswith(b"enc:"):
                return None
        elif lexeme.startswith(b'"enc:'):
            text = lexeme[1:-1]
        else:
            return None
        try:
            return parse_text(text)
        except Malformed:
            if is_sealed_text(text):
                raise CannotOpen from None
            return None


class _Sealed(_Enveloped):
    """Any value under a data key: a scalar, or with `seal: json` whatever stands there."""

    def __init__(self, field: Field) -> None:
        super().__init__(field, needs_lookup_key=False)
        self._refused = b"" if field.mode is Mode.JSON else b"[{"

    def prepare(self, lexeme: bytes) -> bytes:
        if lexeme[0] in self._refused:
            raise _wrong_shape(self._field, "a text, number or boolean")
        return value_to_plaintext(lexeme)

    def seal(self, keys: Keys, context: bytes, plaintext: bytes) -> bytes:
        if keys.sealing is None:
            raise AssertionError
        return b'"' + keys.sealing.seal(context, plaintext) + b'"'

    def open(self, keys: Keys, context: bytes, stored: Stored) -> bytes:
        if not isinstance(stored, Envelope) or stored.key_kind is not _EDK:
            raise CannotOpen
        return plaintext_to_lexeme(keys.opening[stored.key].open(stored, context))


class _Equal(_Enveloped):
    """A text or an integer under a lookup key, in one spelling, so that equal values stay equal."""

    def __init__(self, field: Field) -> None:
        super().__init__(field, needs_lookup_key=True)

    def prepare(self, lexeme: bytes) -> bytes:
        if lexeme == b"null" or _INTEGER.fullmatch(lexeme):
            return value_to_plaintext(lexeme)
        text = _find_text(lexeme)
        if text is None:
            raise _wrong_shape(self._field, "a text or an integer")
        for step in self._field.normalize:
            text = _NORMALIZE[step](text)
        return value_to_plaintext(_encode(text))

    def seal(self, keys: Keys, context: bytes, plaintext: bytes) -> bytes:
        return b'"%b"' % keys.lookup[0].seal(context, plaintext)

    def open(self, keys: Keys, context: bytes, stored: Stored) -> bytes:
        if isinstance(stored, Envelope):
            for key in keys.lookup:
                if key.id == stored.key:
                    return plaintext_to_lexeme(key.open(stored, context))
        raise CannotOpen


class _Digits:
    """A text of digits under a lookup key; it stays one, so that nothing tells it was sealed."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self.needs_lookup_key = True

    def prepare(self, lexeme: bytes) -> bytes:
        text = _find_text(lexeme)
        if text is None:
            raise _wrong_shape(self._field, "a text of digits")
        return text.encode()

    def seal(self, keys: Keys, context: bytes, plaintext: bytes) -> bytes:
        text = plaintext.decode()
        return _encode(keys.lookup[0].protect(context, text, self._field.keep_last))

    def find(self, lexeme: bytes) -> Stored | None:
        text = _find_text(lexeme)
        return None if text is None or _LETTER.search(text) else text

    def open(self, keys: Keys, context: bytes, stored: Stored) -> bytes:
        if not isinstance(stored, str):
            raise TypeError
        return _encode(keys.lookup[0].reveal(context, stored, self._field.keep_last))


def treatment_of(field: Field) -> Treatment:
    """How the values of `field` are treated."""
    if field.mode is Mode.EQUALITY:
        return _Equal(field)
    return _Digits(field) if field.mode is Mode.DIGITS else _Sealed(field)


def _find_text(lexeme: bytes) -> str | None:
    """The text of a JSON string; None for every other value, and for what is not Unicode."""
    if lexeme[0] != _QUOTE:
        return None
    try:
        return _decode_text(lexeme)
    except msgspec.DecodeError:
        return None


def _find_bytes(lexeme: bytes) -> bytes | None:
    """The same in UTF-8."""
    text = _find_text(lexeme)
    return None if text is None else text.encode()


def _wrong_shape(field: Field, expected: str) -> UnexpectedShape:
    return UnexpectedShape(f"the field {field.name!r} holds something else than {expected}")
