# SPDX-License-Identifier: Apache-2.0
"""What every detector tells: how a value looks, how its fields are called, how easily it errs.

Values are looked at one by one and forgotten; what is counted and how counts become a confidence
stands in `observation` and `evidence`.
"""

import re
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple


class Look(IntEnum):
    """How much a value looks like the kind, from not at all to beyond doubt."""

    UNLIKE = 0
    POSSIBLE = 1
    """Nothing speaks against it; counts only in a field whose name leaves no doubt."""
    ALIKE = 2
    """Has the form, which other things have too; counts where the name hints at the kind."""
    CERTAIN = 3
    """Has a check digit, a prefix or a form of its own; counts under any name."""


class Chance(NamedTuple):
    """How often something else has the look: one value among many, and a whole field of them."""

    value: float
    field: float


class Names(NamedTuple):
    """Field names that speak of the kind, matched in the words of a name (`naming`).

    `hint` leaves doubts, `not_it` takes both back: other things that have the same words.
    """

    sure: re.Pattern[str]
    hint: re.Pattern[str] | None = None
    not_it: re.Pattern[str] | None = None


class Detector(NamedTuple):
    """One kind of sensitive value.

    `normalize` is how a search for it should be spelled alike (LANGUAGE.md §6). `of_people` says
    that its hints are sure where the surroundings speak of people (`/users`, `patient.name`).
    """

    kind: str
    title: str
    look: Callable[[str], Look]
    names: Names
    certain: Chance
    alike: Chance
    normalize: tuple[str, ...] = ()
    of_people: bool = False


def words(pattern: str) -> re.Pattern[str]:
    """Whole words of a name, or signs of a script that has no spaces between words."""
    latin = [part for part in pattern.split("|") if part.isascii()]
    other = [part for part in pattern.split("|") if not part.isascii()]
    return re.compile("|".join([rf"\b(?:{'|'.join(latin)})\b", *other]))
