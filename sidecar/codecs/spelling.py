# SPDX-License-Identifier: Apache-2.0
"""What a careless reader overlooks in the names of members.

Stores differ in what makes two names one: SQL columns ignore case, C strings end at NUL, Protobuf's
JSON takes `firstName` for `first_name`, document stores read `address.ssn` as two steps. The proxy
takes names as they are written, so it has to know which ones another reader might take otherwise.
"""

import re
import unicodedata

_NUL = "\0"
_INVISIBLE = re.compile(r"[\x01-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2060\ufeff]+")
_JOINTS = re.compile(r"(?<=[^\W_])[_-]+(?=[^\W_])")
_STEP = re.compile(r"[^.\[\]'\"]+")


def fold(name: str) -> str:
    """`name` as the most careless reader takes it.

    Case, width, composition and what is invisible do not count, nor do `_` and `-` between words.
    """
    if name.isascii() and name.isalnum():
        return name.lower()
    text = unicodedata.normalize("NFKC", name.partition(_NUL)[0])
    text = _JOINTS.sub("", _INVISIBLE.sub("", text))
    return unicodedata.normalize("NFKC", text.casefold())


def steps(name: str) -> list[str]:
    """The steps that `name` takes when dots and brackets part them, folded; indexes are none."""
    return [fold(step) for step in _STEP.findall(name) if not step.isdecimal()]
