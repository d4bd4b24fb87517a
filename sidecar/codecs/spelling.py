# SPDX-License-Identifier: Apache-2.0
"""What a careless reader overlooks in the names of members.

Stores differ in what makes two names one: SQL columns ignore case, C strings end at NUL, Protobuf's
JSON takes `firstName` for `first_name`, document stores read `address.ssn` as two steps. The proxy
takes names as they are written, so it has to know which ones another reader might take otherwise.
"""

import re
import unicodedata
from collections.abc import Iterable

_NUL = "\0"
_ASCII_AT_ONCE = 16
"""Characters that take as long as a name does."""
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
    if not text.isprintable() or " " in text or not _IGNORABLE.isdisjoint(text):
        text = "".join(char for char in text if _is_seen(char))
    if "_" in text or "-" in text:
        text = _JOINTS.sub("", text)
    return unicodedata.normalize("NFKC", text.casefold())


def effort(names: Iterable[str]) -> int:
    """How much work it is to fold `names`, in short plain ones.

    A character of Unicode has up to 18 in its compatibility form (NFKC), each looked at by itself.
    """
    return sum(1 + (len(name) // _ASCII_AT_ONCE if name.isascii() else len(name)) for name in names)


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in _INVISIBLE and char not in _IGNORABLE


def steps(name: str) -> list[str]:
    """The steps that `name` takes where dots, brackets or slashes part them, folded.

    Indexes and what is empty are none.
    """
    found = [fold(step) for step in _STEP.findall(name)]
    return [step for step in found if step and not step.isdecimal()]
