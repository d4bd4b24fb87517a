# SPDX-License-Identifier: Apache-2.0
"""Designations: which values of a message are sealed and how, and where documents stand.

Values that are right from birth; an impossible one raises Misconfigured, without a place in a file.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from sidecar.errors import Misconfigured
from sidecar.fieldpath import EACH, FieldPath

MAX_KEEP_LAST = 8
MAX_SHOWN = 8
MAX_PATTERN = 512
NORMALIZERS = ("trim", "lower", "digits", "nfc")

type Null = Literal["keep", "seal"]


class Mode(StrEnum):
    """What sealing makes of a value."""

    SEALED = "sealed"
    EQUALITY = "equality"
    JSON = "json"
    DIGITS = "digits"


class Place(StrEnum):
    """Where in a message a value stands."""

    BODY = "body"
    HEADER = "header"
    COOKIE = "cookie"
    PATH = "path"
    QUERY = "query"


IN_TARGET = frozenset({Place.PATH, Place.QUERY})
"""Places by which a store finds what a request is about: there, equal values have to stay equal."""

DETERMINISTIC = frozenset({Mode.EQUALITY, Mode.DIGITS})
"""Modes that need a lookup key: the same value seals to the same text on every replica."""


class Mask(NamedTuple):
    """What callers who are not cleared see of a value: its end, its fingerprint, or nothing."""

    last: int = 0
    is_hash: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One designated place: in a document, or outside of all (see `place`).

    `name` is the logical field that the context binds. In a document, `path` leads to the value; no
    steps at all are the whole body, which then is no document. Outside, its only step is the name
    of the header (in lower case), cookie, path variable or parameter. In the mode DIGITS the last
    `keep_last` digits stay readable. `mask` is None where whoever may read sees the value.
    """

    name: str
    path: FieldPath
    mode: Mode = Mode.SEALED
    normalize: tuple[str, ...] = ()
    keep_last: int = 0
    null: Null = "keep"
    place: Place = Place.BODY
    mask: Mask | None = None
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.path.steps[:1] == (EACH,):
            raise Misconfigured(
                "a field begins with the name of a member; `documents:` says where records stand"
            )
        if self.mode is Mode.JSON and (self.is_whole_body or self.place is not Place.BODY):
            raise Misconfigured("this is one text, with nothing below it; write `sealed`")
        if self.place in IN_TARGET and self.mode is not Mode.EQUALITY:
            raise Misconfigured(
                "a store finds things by what stands here, so it takes `search: equality` alone"
            )
        if self.null == "seal" and self.place is not Place.BODY:
            raise Misconfigured("there is no null outside of bodies")
        if self.normalize and self.mode is not Mode.EQUALITY:
            raise Misconfigured("`normalize` belongs to `search: equality`")
        if not set(self.normalize) <= set(NORMALIZERS):
            raise Misconfigured(f"`normalize` knows {', '.join(NORMALIZERS)}")
        if self.keep_last and self.mode is not Mode.DIGITS:
            raise Misconfigured("`keep_last` belongs to `format: digits`")
        if not 0 <= self.keep_last <= MAX_KEEP_LAST:
            raise Misconfigured(f"`keep_last` is from 0 to {MAX_KEEP_LAST}")
        if self.null == "seal" and self.mode is Mode.DIGITS:
            raise Misconfigured("`format: digits` cannot seal null, which has no digits")
        self._check_mask()

    def _check_mask(self) -> None:
        if self.mask is None:
            return
        if self.place is Place.QUERY:
            raise Misconfigured("nothing is read from a query, so there is nothing to mask")
        if not 0 <= self.mask.last <= MAX_SHOWN:
            raise Misconfigured(f"a mask shows the last 1 to {MAX_SHOWN} characters")
        if self.mask.last and self.mode is Mode.JSON:
            raise Misconfigured("of what is sealed whole no end is shown; write `mask: hidden`")

    @property
    def is_whole_body(self) -> bool:
        """Whether the whole body, whatever it is, is the value."""
        return self.place is Place.BODY and not self.path.steps

    @property
    def label(self) -> str:
        """The place in words for people; in a document the path alone."""
        if self.place is Place.BODY:
            return str(self.path)
        return f"{self.place.value}:{self.path.steps[0]}"

    @property
    def makes(self) -> tuple[object, ...]:
        """What decides the sealed form; fields of one logical name must agree on it."""
        return (self.mode, self.normalize, self.keep_last)


class Documents(NamedTuple):
    """Where records stand in bodies; the fields of a rule are named from there."""

    request: tuple[FieldPath, ...] = (FieldPath(()), FieldPath((EACH,)))
    response: tuple[FieldPath, ...] = (FieldPath(()), FieldPath((EACH,)))


class Requirement(NamedTuple):
    """A text in request bodies, named from the body's root, that a pattern must match wholly."""

    path: FieldPath
    pattern: re.Pattern[str]

    @classmethod
    def compile(cls, path: FieldPath, pattern: str) -> Requirement:
        """The requirement that the text at `path` matches the regular expression `pattern`."""
        if len(pattern) > MAX_PATTERN:
            raise Misconfigured(f"a pattern has at most {MAX_PATTERN} characters")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # doubtful spelling is a fault here
                return cls(path, re.compile(pattern))
        except (
            re.error,
            FutureWarning,
            DeprecationWarning,
            OverflowError,
            RecursionError,
        ) as error:
            raise Misconfigured(f"not a regular expression: {error}") from None
