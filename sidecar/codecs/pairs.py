# SPDX-License-Identifier: Apache-2.0
"""What formats of named texts have in common (forms): which names go, and what stands under them.

A name may stand more than once only where the rule says `name[*]`. In a wary shape names are
refused that some readers take for a field's: nested (`a[b]`, `a.b`), percent-encoded once more, or
with `.` and `[` for `_`, as PHP has it.
"""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from sidecar.codecs.reading import Misfit
from sidecar.codecs.shape import Shape
from sidecar.codecs.spelling import fold
from sidecar.errors import Malformed

_TAKEN_FOR_UNDERSCORE = re.compile(r"[.\[]")


def find_place[T](shape: Shape[T], name: str) -> Shape[T] | None:
    """The place of a value named `name`: the member itself, or one of its elements."""
    place = shape.members.get(name)
    return place.items if place is not None and place.items is not None else place


def misfits_of[T](shape: Shape[T]) -> list[Misfit]:
    """What is wrong with a form where only a list of documents may stand."""
    is_list = shape.items is not None and not shape.members
    return [Misfit(shape.path, shape.in_document)] if is_list else []


def check_names[T](names: Sequence[str], shape: Shape[T]) -> None:
    """Raise Malformed where names repeat, or look alike, on the way to a protected place."""
    single = [n for n in names if n in shape.members and shape.members[n].items is None]
    if len(single) != len(set(single)):
        raise Malformed("a form has the name of a protected field twice")
    if shape.known is None:
        return
    others = {name for name in names if name not in shape.members}
    seen = others | {unquote(name) for name in others}
    shape.check_names(seen)
    if any(fold(_TAKEN_FOR_UNDERSCORE.sub("_", name)) in shape.folded for name in seen):
        raise Malformed("a name in the form differs from a protected one only in its spelling")


def check_charset(name: str, value: bytes) -> None:
    """Raise Malformed where a field of HTML asks to read the form in another charset."""
    if name == "_charset_" and value.lower() != b"utf-8":
        raise Malformed("a form in another charset than UTF-8")
