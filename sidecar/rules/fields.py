# SPDX-License-Identifier: Apache-2.0
"""Designations: which values of a document are sealed and how, and where documents stand.

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
MAX_PATTERN = 512
NORMALIZERS = ("trim", "lower", "digits", "nfc")

type Null = Literal["keep", "seal"]


class Mode(StrEnum):
    """What sealing makes of a value."""

    SEALED = "sealed"
    EQUALITY = "equality"
    JSON = "json"
    DIGITS = "digits"


DETERMINISTIC = frozenset({Mode.EQUALITY, Mode.DIGITS})
"""Modes that need a lookup key: the same value seals to the same text on every replica."""


@dataclass(frozen=True, slots=True)
class Field:
    """One designated place in a document.

    `name` is the logical field that the context binds: the path's canonical text unless the rule
    says `as`. In the mode DIGITS the last `keep_last` digits stay readable.
    """

    name: str
    path: FieldPath
    mode: Mode = Mode.SEALED
    normalize: tuple[str, ...] = ()
    keep_last: int = 0
    null: Null = "keep"
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.path.steps or self.path.steps[0] is EACH:
            raise Misconfigured(
                "a field begins with the name of a member; `documents:` says where records stand"
            )
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
