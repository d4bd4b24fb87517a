# SPDX-License-Identifier: Apache-2.0
"""The little language that names a place in a document: `cards[*].number`, `$.a.b`, `['x y']`.

A strict subset of JSONPath (RFC 9535): member names and `[*]`, nothing else. `[*]` is each element
of an array; unlike the RFC's wildcard it never means the members of an object, so that a list of
records and a record can be told apart. The `$` at the front may be left out.

A path has one canonical text, `str(path)`, which is what an envelope's context is bound to.
Raises Misconfigured, without a place in a file: the reader of rules adds it. Finding the values
that a path names is the codecs' business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, Self

from sidecar.errors import Misconfigured

MAX_LENGTH = 512
MAX_STEPS = 32


class Wildcard(Enum):
    """The step that stands for each element of an array."""

    EACH = "[*]"


EACH: Final = Wildcard.EACH

type Step = str | Wildcard

_NAME_FIRST = r"A-Za-z_\u0080-\ud7ff\ue000-\U0010ffff"
_NAME = re.compile(rf"[{_NAME_FIRST}][0-9{_NAME_FIRST}]*")
"""RFC 9535 section 2.5.1.1, `member-name-shorthand`."""

_QUOTED = re.compile(
    r"""\['((?:[^'\\\x00-\x1f]|\\[bfnrt/\\'u])*)'\]|\["((?:[^"\\\x00-\x1f]|\\[bfnrt/\\"u])*)"\]"""
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_UNESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_UNQUOTED_SPAN = re.compile(r"[^.\[]*")


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A place, or one place in each element of an array; no steps at all is the whole document."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if len(self.steps) > MAX_STEPS:
            raise Misconfigured(f"a path of more than {MAX_STEPS} steps")
        if any(isinstance(step, str) and not _is_unicode(step) for step in self.steps):
            raise Misconfigured("a name in this path is not Unicode text (a lone surrogate)")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The path that `text` spells."""
        if not text:
            raise Misconfigured("an empty path; the whole document is '$'")
        if len(text) > MAX_LENGTH:
            raise Misconfigured(f"a path longer than {MAX_LENGTH} characters")
        steps: list[Step] = []
        at = 1 if text[0] == "$" else 0
        if at == 0 and text[0] != "[":
            at = _take_name(text, at, steps)
        while at < len(text):
            at = _take_step(text, at, steps)
        return cls(tuple(steps))

    def __str__(self) -> str:
        text = "".join(_spell(step) for step in self.steps)
        if text.startswith("."):
            return text[1:]
        return text if text.startswith("['") else f"${text}"

    def __truediv__(self, below: FieldPath) -> FieldPath:
        """The path of `below` when it starts where this one ends."""
        return FieldPath(self.steps + below.steps)

    def covers(self, other: FieldPath) -> bool:
        """Whether `other` is this place or lies inside it."""
        return other.steps[: len(self.steps)] == self.steps

    def overlaps(self, other: FieldPath) -> bool:
        """Whether one of the two is the other place or lies inside it."""
        return self.covers(other) or other.covers(self)

    @property
    def last_name(self) -> str:
        """The last name on the way; empty where there is none."""
        return next((step for step in reversed(self.steps) if isinstance(step, str)), "")

    @property
    def is_single(self) -> bool:
        """Whether a document has at most one value here."""
        return EACH not in self.steps


def _take_step(text: str, at: int, steps: list[Step]) -> int:
    if text.startswith("[*]", at):
        steps.append(EACH)
        return at + 3
    if text[at] == ".":
        return _take_name(text, at + 1, steps)
    if quoted := _QUOTED.match(text, at):
        steps.append(_unescape(next(part for part in quoted.groups() if part is not None)))
        return quoted.end()
    raise Misconfigured(f"at {text[at:]!r}: {_explain(text[at:])}")


def _take_name(text: str, at: int, steps: list[Step]) -> int:
    span = _UNQUOTED_SPAN.match(text, at)
    word = span.group() if span else ""
    if not _NAME.fullmatch(word):
        raise Misconfigured(f"at {text[at:]!r}: {_explain_name(text, at, word)}")
    steps.append(word)
    return at + len(word)


def _explain_name(text: str, at: int, word: str) -> str:
    if at and text.startswith((".", "["), at):
        return "`..` (anywhere below) is not accepted; name every step"
    if word == "*":
        return "`.*` is not accepted; each element of an array is `[*]`"
    if not word:
        return "a name is missing"
    return f"this name needs brackets: {_spell_quoted(word)}"


def _explain(rest: str) -> str:
    if re.match(r"\[\s*-?[0-9:]", rest):
        return "an index would leave the other elements unsealed; each element is `[*]`"
    if rest.startswith("[?"):
        return "filters are not accepted; name every step"
    if rest.startswith("["):
        return "a bracket holds `*` or one quoted name, as in ['x y'], without spaces around it"
    return "a step begins with `.` or `[`"


def _unescape(quoted: str) -> str:
    if re.search(r"\\u(?![0-9A-Fa-f]{4})", quoted):
        raise Misconfigured("`\\u` takes four hexadecimal digits")
    text = _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _UNESCAPED.get(found[2], found[2]),
        quoted,
    )
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _spell(step: Step) -> str:
    if isinstance(step, Wildcard):
        return step.value
    return f".{step}" if _NAME.fullmatch(step) else _spell_quoted(step)


def _spell_quoted(name: str) -> str:
    """RFC 9535 section 2.7, `normal-single-quoted`."""
    shorthand = {"\\": "\\\\", "'": "\\'"} | {v: f"\\{k}" for k, v in _UNESCAPED.items()}
    return (
        "['"
        + "".join(
            shorthand.get(char) or (f"\\u{ord(char):04x}" if char < " " else char) for char in name
        )
        + "']"
    )


def _is_unicode(name: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in name)
