# SPDX-License-Identifier: Apache-2.0
"""What the demonstration prints: steps, a table, facts and the checks that must hold."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence

import msgspec

WIDTH = 34
_started = time.monotonic()
_colour = sys.stdout.isatty()


def _style(code: str, text: str) -> str:
    return f"\033[{code}m{text}\033[0m" if _colour else text


def step(text: str) -> None:
    """One line of progress, with the seconds since the start."""
    print(
        _style("2", f"[{time.monotonic() - _started:5.1f} s] {text}"), file=sys.stderr, flush=True
    )


def title(text: str) -> None:
    print(f"\n{_style('1', text)}\n", flush=True)


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 16]}… ({len(text):,} chars)"[:WIDTH]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for row in (head, ["─" * 8, *["─" * WIDTH] * (len(head) - 1)], *rows):
        first, *rest = row
        cells = [f"{first:<8}", *(f"{_short(cell):<{WIDTH}}" for cell in rest)]
        line = "  ".join(cells).rstrip()
        print(_style("1", line) if row is head else line)


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    for name, value in pairs:
        print(f"  {name:<14} {value}")


def lines(texts: Iterable[str]) -> None:
    for text in texts:
        print(f"  {text}")


def first_result(answer: str) -> str:
    """The first document of an ArcadeDB answer, as the text it is."""

    class Answer(msgspec.Struct):
        result: list[msgspec.Raw]

    return bytes(msgspec.json.decode(answer, type=Answer).result[0]).decode()


def lexemes(document: str) -> dict[str, str]:
    """The members of a JSON object with their values as they are spelt."""
    members = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    return {name: bytes(value).decode() for name, value in members.items()}


class Checks:
    """Claims that are printed with their outcome and counted."""

    def __init__(self) -> None:
        self.failed = 0

    def that(self, claim: str, holds: bool) -> None:  # noqa: FBT001 - a claim and its truth
        self.failed += not holds
        print(f"  {_style('32', '✓') if holds else _style('31', '✗ NOT')} {claim}", flush=True)

    def summary(self) -> int:
        """Print the outcome; the exit code of the demonstration."""
        took = time.monotonic() - _started
        print(
            f"\n{'Everything held' if not self.failed else f'{self.failed} claims failed'}"
            f" in {took:.0f} s.",
            flush=True,
        )
        return 1 if self.failed else 0
