# SPDX-License-Identifier: Apache-2.0
"""What a careless reader overlooks in the names of members.

Stores differ in what makes two names one: SQL columns ignore case, C strings end at NUL, Protobuf's
JSON takes `firstName` for `first_name`, document stores read `address.ssn` as two steps. The proxy
takes names as they are written, so it has to know which ones another reader might take otherwise.
"""

import re
import unicodedata

_NUL = "\0"
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Categories of Unicode: controls, formats, separators."""
_IGNORABLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
"""Letters and marks that have no shape either (Default_Ignorable_Code_Point, UAX #44)."""
_JOINTS = re.compile(r"(?<=[^\W_])[_-]+(?=[^\W_])")
_STEP = re.compile(r"[^.\[\]*'\"/$\\]+")


def fold(name: str) -> str:
    """`name` as the most careless reader takes it.

    Case, width, composition and what is invisible do not count, nor do `_` and `-` between words.
    """
    if name.isascii() and name.isalnum():
        return name.lower()
    text = unicodedata.normalize("NFKC", name.partition(_NUL)[0])
    seen = [
        char
        for char in text
        if unicodedata.category(char) not in _INVISIBLE and char not in _IGNORABLE
    ]
    text = _JOINTS.sub("", "".join(seen))
    return unicodedata.normalize("NFKC", text.casefold())


def steps(name: str) -> list[str]:
    """The steps that `name` takes where dots, brackets or slashes part them, folded.

    Indexes and what is empty are none.
    """
    found = [fold(step) for step in _STEP.findall(name)]
    return [step for step in found if step and not step.isdecimal()]
