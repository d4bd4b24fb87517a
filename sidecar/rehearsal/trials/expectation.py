# SPDX-License-Identifier: Apache-2.0
"""What differs between what a case expects and what came of it.

Texts may have placeholders:

    <sealed>        an envelope under a data key, of which no two are alike
    <searchable>    an envelope that is alike for equal values
    <digits>        digits and separators that the request does not have
    <stored PATH>   the very value that the store has got at PATH, such as `docs[0].email`
    <any>           anything

What is told has kinds and lengths, and no value unless values are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sidecar.plurals import counted
from sidecar.rehearsal.shapes import SEALED, SEARCHABLE, describe, find_kind
from sidecar.rehearsal.trials.case import Content
from sidecar.rehearsal.trials.stored_body import StoredBody
from sidecar.rehearsal.trials.trees import Tree, from_json, to_json

_ENVELOPE = r"enc:[0-9]+:[A-Za-z0-9_-]+"
_PATTERNS = {"sealed": _ENVELOPE, "searchable": _ENVELOPE, "digits": "[0-9][0-9 .-]*", "any": ".*"}
_PLACEHOLDER = re.compile(r"<(sealed|searchable|digits|any|stored ([^<>]+))>")
_KINDS = {"sealed": SEALED, "searchable": SEARCHABLE}


class Kept(NamedTuple):
    """What a case has to compare with: the body that the client sent, and what the store has."""

    sent: bytes
    stored: StoredBody


class Comparison(NamedTuple):
    """Finds differences; `show_values` lets it tell values too."""

    kept: Kept
    show_values: bool = False

    def of_content(self, expected: Content, body: bytes) -> Iterator[str]:
        """Where `body` is another than expected."""
        if expected.text is not None:
            text = body.decode("utf-8", "surrogateescape")
            yield from self._of_text(expected.text, text, "the body")
            return
        try:
            found = from_json(body)
        except (ValueError, RecursionError):
            yield f"expected JSON, and what came is none ({counted(len(body), 'byte')})"
            return
        yield from self._of_tree(expected.json, found, "$")

    def of_line(self, expected: str, found: str) -> Iterator[str]:
        """Where a request line is another than expected."""
        yield from self._of_text(expected, found, "the line")

    def of_header(self, name: str, expected: str, found: str | None) -> Iterator[str]:
        """Where a header is another than expected."""
        if found is None:
            yield f"the header {name} is missing"
        else:
            yield from self._of_text(expected, found, f"the header {name}")

    def _of_tree(self, expected: Tree, found: Tree, path: str) -> Iterator[str]:
        if isinstance(expected, dict) and isinstance(found, dict):
            for name in [*expected, *(name for name in found if name not in expected)]:
                place = f"{path}.{name}"
                if name not in found:
                    yield f"{place} is missing"
                elif name not in expected:
                    yield f"{place} is not expected: {self._told(found[name])}"
                else:
                    yield from self._of_tree(expected[name], found[name], place)
        elif isinstance(expected, list) and isinstance(found, list):
            if len(expected) != len(found):
                has = counted(len(found), "element")
                yield f"{path} has {has}, expected were {len(expected)}"
            for number, (one, other) in enumerate(zip(expected, found, strict=False)):
                yield from self._of_tree(one, other, f"{path}[{number}]")
        elif isinstance(expected, str):
            yield from self._of_placeholders(expected, found, path)
        elif expected != found:
            yield f"{path}: expected {self._told(expected)}, found {self._told(found)}"

    def _of_placeholders(self, expected: str, found: Tree, path: str) -> Iterator[str]:
        placeholder = _PLACEHOLDER.fullmatch(expected)
        if placeholder and placeholder[1] == "any":
            return
        if placeholder and placeholder[2]:
            if found != self.kept.stored.value_at(placeholder[2]):
                yield f"{path}: expected {expected}, found {self._told(found)}"
        elif isinstance(found, str):
            yield from self._of_text(expected, found, path)
        else:
            yield f"{path}: expected {self._said(expected)}, found {self._told(found)}"

    def _of_text(self, expected: str, found: str, place: str) -> Iterator[str]:
        found_at = list(_PLACEHOLDER.finditer(expected))
        pattern, end = "", 0
        for each in found_at:
            pattern += f"{re.escape(expected[end : each.start()])}({self._pattern(each)})"
            end = each.end()
        match = re.fullmatch(pattern + re.escape(expected[end:]), found, re.DOTALL)
        if match is None or not all(
            self._fits(each[1], part) for each, part in zip(found_at, match.groups(), strict=True)
        ):
            yield f"{place}: expected {self._said(expected)}, found {self._told(found)}"

    def _pattern(self, placeholder: re.Match[str]) -> str:
        if placeholder[2] is None:
            return _PATTERNS[placeholder[1]]
        value = self.kept.stored.value_at(placeholder[2])
        return re.escape(_as_text(value))

    def _fits(self, word: str, text: str) -> bool:
        if word == "digits":
            return text.encode() not in self.kept.sent
        return word not in _KINDS or find_kind(text) == _KINDS[word]

    def _said(self, expected: str) -> str:
        """What was expected; of a text with more in it than a placeholder only its kind."""
        if self.show_values or _PLACEHOLDER.fullmatch(expected):
            return expected
        if placeholders := [each[0] for each in _PLACEHOLDER.finditer(expected)]:
            return f"a text with {', '.join(placeholders)}"
        return f"another text of {counted(len(expected), 'character')}"

    def _told(self, tree: Tree) -> str:
        text = to_json(tree)
        return text if self.show_values else describe(text.encode())


def filled(tree: Tree, stored: StoredBody) -> Tree:
    """`tree` with the values that the store has in place of `<stored …>`."""
    if isinstance(tree, dict):
        return {name: filled(value, stored) for name, value in tree.items()}
    if isinstance(tree, list):
        return [filled(item, stored) for item in tree]
    if isinstance(tree, str) and (found := _PLACEHOLDER.fullmatch(tree)) and found[2]:
        return stored.value_at(found[2])
    return tree


def filled_text(text: str, stored: StoredBody) -> str:
    """`text` with the texts that the store has in place of `<stored …>`."""
    return _PLACEHOLDER.sub(
        lambda found: _as_text(stored.value_at(found[2])) if found[2] else found[0], text
    )


def _as_text(value: Tree) -> str:
    return value if isinstance(value, str) else to_json(value)
