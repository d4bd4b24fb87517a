# SPDX-License-Identifier: Apache-2.0
"""The texts of the language in JSON Schema, so that editors mark what the reader would refuse.

Patterns are written in what the regular expressions of Python and of ECMA-262 have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sidecar.fieldpath import MAX_LENGTH

_FIRST = r"[^\x00-@\[-^`{-\x7f]"
_NAME = rf"{_FIRST}[^\x00-/:-@\[-^`{{-\x7f]*"
_QUOTED = r"""\['([^'\\\x00-\x1f]|\\.)*'\]|\["([^"\\\x00-\x1f]|\\.)*"\]"""
_PATH = rf"(\$|{_NAME}|\[\*\]|{_QUOTED})(\.{_NAME}|\[\*\]|{_QUOTED})*"

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HOST = rf"({_LABEL}\.)*(?![0-9]+:){_LABEL}|{_BYTE}(\.{_BYTE}){{3}}|\[[0-9A-Fa-f:.]+\]"

_METHOD = "[A-Z][A-Z0-9_-]{0,31}"
_SEGMENT = r"(\{[A-Za-z_][A-Za-z0-9_]{0,63}\}|(?!\.{1,2}(/|$))[^{}*%?#;\\/\x00-\x20\x7f]+)"
_ROUTE = rf"({_METHOD}(\|{_METHOD})* )?(?=/)(/{_SEGMENT})*(/\*\*|/)?"


def text(form: re.Pattern[str] | str, **more: object) -> dict[str, object]:
    """Texts that match `form` as a whole."""
    pattern = form if isinstance(form, str) else form.pattern
    return {"type": "string", "pattern": f"^({pattern})$", **more}


def text_but(form: re.Pattern[str], left_out: Iterable[str]) -> dict[str, object]:
    """The same without some texts, whatever case they are written in."""
    spelt = "|".join(
        "".join(f"[{char.upper()}{char}]" if char.isalpha() else char for char in each)
        for each in sorted(left_out)
    )
    return text(form, **{"not": {"pattern": f"^({spelt})$"}})


PATH = text(_PATH, maxLength=MAX_LENGTH)
FIELD_PATH = text(rf"(?!\$?\[\*\]){_PATH}", maxLength=MAX_LENGTH)
SINGLE_PATH = text(rf"(?!\$$)(?!.*\[\*\]){_PATH}", maxLength=MAX_LENGTH)
HOST = text(rf"({_HOST}):{_PORT}")
ROUTE = text(_ROUTE)
LINE = text(r"[^\x00-\x1f\x7f]*", minLength=1, maxLength=255)
BASE64 = text(
    "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|"
    "[A-Za-z0-9+/][AQgw]==)"
)
