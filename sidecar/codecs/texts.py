# SPDX-License-Identifier: Apache-2.0
"""Values of formats that have nothing but texts, as the JSON values that are sealed, and back.

A text is a JSON string. What was sealed elsewhere as something else comes back as JSON spells it,
null as the empty text.
"""

import msgspec

from sidecar.errors import CannotOpen, Malformed

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(str).decode


def to_lexeme(text: bytes) -> bytes:
    """The JSON string of a text in UTF-8; Malformed where it is none."""
    try:
        return _encode(text.decode())
    except UnicodeDecodeError:
        raise Malformed("a text at a protected place is not UTF-8") from None


def to_text(lexeme: bytes) -> bytes:
    """The text, in UTF-8, of the JSON value `lexeme`; CannotOpen where it is not Unicode."""
    if lexeme == b"null":
        return b""
    if not lexeme.startswith(b'"'):
        return lexeme
    try:
        return _decode(lexeme).encode()
    except msgspec.DecodeError:
        raise CannotOpen from None
