# SPDX-License-Identifier: Apache-2.0
r"""Texts of a body that claim to be envelopes, wherever they stand.

Only the sidecar makes envelopes, and only at designated places. In JSON a whole text counts, in any
spelling (`\u0065nc:1:…`), member names too; a text that merely quotes an envelope does not.
"""

import re

_IN_JSON = re.compile(
    rb'(?<!\\)"(?:e|\\u0065)(?:n|\\u006[eE])(?:c|\\u0063)(?::|\\u003[aA])'
    rb"(?:[0-9]|\\u003[0-9])++(?::|\\u003[aA])"
)
_ANYWHERE = re.compile(rb"enc:[0-9]+:[A-Za-z0-9_-]{32}")
"""The shortest envelope has 28 bytes, 38 characters."""


def count_claims(json: bytes) -> int:
    """How many texts of one valid JSON text, or several, claim to be an envelope."""
    if b"enc:" not in json and b"\\u00" not in json:
        return 0
    return len(_IN_JSON.findall(json))


def holds_envelope(body: bytes) -> bool:
    """Whether a body of an unknown format seems to hold an envelope."""
    return _ANYWHERE.search(body) is not None
