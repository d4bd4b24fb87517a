# SPDX-License-Identifier: Apache-2.0
"""Wildcards of policies: `*` is any text, also none, and `?` is exactly one character.

No regular expressions: a policy's author could write a pattern whose matching takes for ever. Here
the work is at most length times length, because only the last `*` is ever tried again.
"""


def matches(pattern: str, text: str) -> bool:
    """Whether the whole `text` is spelled by `pattern`; case-sensitive, no escapes."""
    at = place = 0
    star, retry = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, retry = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at += 1
            place += 1
        elif star >= 0:
            retry += 1
            at, place = star + 1, retry
        else:
            return False
    return pattern[at:].strip("*") == ""
