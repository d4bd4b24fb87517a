# SPDX-License-Identifier: Apache-2.0
r"""What is sealed: a type tag and the JSON lexeme, byte for byte as the application wrote it.

`1.10`, `true`, a 23-digit integer and `"\u00e9"` come back as they went in. The tag says what the
lexeme is before it is spliced into a document; a plaintext whose tag and lexeme disagree is not
handed out. FORMAT.md section "Plaintext".
"""

import re

import msgspec

from sidecar.errors import CannotOpen, Malformed

NULL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT = range(1, 7)

_STRING_TAG = b"%c" % STRING
_TAGS = {
    ord("n"): NULL,
    ord("t"): BOOLEAN,
    ord("f"): BOOLEAN,
    ord('"'): STRING,
    ord("["): ARRAY,
    ord("{"): OBJECT,
} | dict.fromkeys(b"-0123456789", NUMBER)

# Possessive: no input makes them backtrack. RFC 8259 sections 6 and 7.
_NUMBER = re.compile(rb"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]++)?+")
_STRING = re.compile(
    rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
)
_PLAIN = re.compile(rb'"[ !#-\[\]-~]*+"')
"""A string that needs no further look: ASCII without an escape, as nearly every value is."""
_TREE = msgspec.json.Decoder(msgspec.Raw)


def value_to_plaintext(lexeme: bytes) -> bytes:
    """The plaintext of one JSON value, given without surrounding white space.

    Raises:
        Malformed: `lexeme` is not one JSON value.
    """
    if _PLAIN.fullmatch(lexeme):
        return _STRING_TAG + lexeme
    tag = _TAGS.get(lexeme[0]) if lexeme else None
    if tag is None or not _is_lexeme(tag, lexeme):
        raise Malformed("a value to seal is not one JSON value")
    return b"%c%b" % (tag, lexeme)


def plaintext_to_lexeme(plaintext: bytes) -> bytes:
    """The JSON value inside an opened plaintext, safe to splice into a document.

    Raises:
        CannotOpen: The tag is unknown or the lexeme is not of its type.
    """
    lexeme = plaintext[1:]
    if plaintext[:1] == _STRING_TAG and _PLAIN.fullmatch(lexeme):
        return lexeme
    if not lexeme or _TAGS.get(lexeme[0]) != plaintext[0] or not _is_lexeme(plaintext[0], lexeme):
        raise CannotOpen
    return lexeme


def _is_lexeme(tag: int, lexeme: bytes) -> bool:
    if tag == STRING:
        return _STRING.fullmatch(lexeme) is not None and (lexeme.isascii() or _is_utf8(lexeme))
    if tag == NUMBER:
        return _NUMBER.fullmatch(lexeme) is not None
    if tag in (ARRAY, OBJECT):
        return lexeme[-1] in b"]}" and _is_utf8(lexeme) and _is_tree(lexeme)
    return lexeme in (b"null", b"true", b"false")


def _is_utf8(lexeme: bytes) -> bool:
    try:
        lexeme.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_tree(lexeme: bytes) -> bool:
    try:
        _TREE.decode(lexeme)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
