# SPDX-License-Identifier: Apache-2.0
r"""Texts of a body that claim to be envelopes, wherever they stand.

Only the sidecar makes envelopes, and only at designated places. A whole text counts
(`is_sealed_text`), in any spelling that JSON has for it, member names too; a text that merely
quotes an envelope does not. Bodies of formats that nobody reads are looked through for anything
that seems to be one.
"""

import re

_BACKSLASH = ord("\\")  # as a number it is found many times as fast as in bytes
_PLAIN = re.compile(rb'"enc:[0-9]+:')
_ESCAPED = re.compile(rb"\\u00[36]")
"""Only these spell the letters, digits and colons that a claim is made of."""
_IN_ANY_SPELLING = re.compile(
    rb'(?<!\\)"(?:e|\\u0065)(?:n|\\u006[eE])(?:c|\\u0063)(?::|\\u003[aA])'
    rb"(?:[0-9]|\\u003[0-9])++(?::|\\u003[aA])"
)
_COLON = rb"(?::|%3[aA]|\\u003[aA]|&#(?:58|[xX]3[aA]);|&colon;)"
_ANYWHERE = re.compile(rb"enc" + _COLON + rb"[0-9]+" + _COLON + rb"[A-Za-z0-9_-]{32}")
"""As URLs, scripts and HTML spell it. The shortest envelope has 28 bytes, 38 characters."""


def count_claims(json: bytes) -> int:
    """How many texts of one valid JSON text, or several, claim to be an envelope."""
    if _BACKSLASH not in json:
        return len(_PLAIN.findall(json))
    if _ESCAPED.search(json) is not None:
        return len(_IN_ANY_SPELLING.findall(json))
    starts = [found.start() for found in _PLAIN.finditer(json)]
    return sum(not json.endswith(b"\\", 0, start) for start in starts)


def holds_envelope(body: bytes) -> bool:
    """Whether a body of an unknown format, or UTF-16 or 32, seems to hold an envelope."""
    return _ANYWHERE.search(body.replace(b"\0", b"")) is not None
