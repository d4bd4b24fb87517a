# SPDX-License-Identifier: Apache-2.0
"""Shapes: which places of a document tree matter, merged from all field paths of one rule.

A shape is a tree of names and `[*]` steps. A leaf carries a tag, whatever its owner wants to find
again (a field, the record id, a requirement); codecs know nothing of what a tag means. Shapes are
built once a rule and read for every body.

A wary shape, for what goes to a store, also knows names that the store might take for one of its
own (`Shape.check_names`): what stands under them would pass unseen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sidecar.codecs.places import check_places
from sidecar.codecs.spelling import effort, fold, steps
from sidecar.errors import Malformed, Misconfigured
from sidecar.fieldpath import FieldPath

_MOST_KNOWN = 1024
_LONGEST_KNOWN = 128
"""Characters of a name that a shape remembers."""


class Shape[T]:
    """What matters at one place and below it.

    `is_document` marks a place where one record's document stands, `in_document` the places inside
    one. `path` is the rule's own spelling of the place, for messages. Of the members, `leaves` are
    those with a tag, `branches` the others.
    """

    __slots__ = (
        "branches", "folded", "in_document", "is_document", "items", "joined", "known", "leaves",
        "members", "path", "tag",
    )  # fmt: skip

    def __init__(self, path: str) -> None:
        self.path = path
        self.is_document = False
        self.in_document = False
        self.tag: T | None = None
        self.members: dict[str, Shape[T]] = {}
        self.items: Shape[T] | None = None
        self.folded: dict[str, Shape[T]] = {}
        self.joined: list[list[str]] = []
        self.known: set[str] | None = None
        self.leaves: list[tuple[str, T]] = []
        self.branches: list[tuple[str, Shape[T]]] = []

    @property
    def children(self) -> tuple[Shape[T], ...]:
        return (*self.members.values(), *((self.items,) if self.items else ()))

    def at(self, path: FieldPath) -> Shape[T]:
        """The shape at `path` from here, made where it is new."""
        place = self
        for step in path.steps:
            if isinstance(step, str):
                below = place.members.get(step) or Shape(f"{place.path}.{step}".lstrip("."))
                place.members[step] = below
            else:
                below = place.items or Shape(f"{place.path}[*]")
                place.items = below
            place = below
        return place

    def designate(self, path: FieldPath, tag: T) -> None:
        """Put `tag` on the place at `path` from here."""
        leaf = self.at(path)
        if leaf.tag is not None and leaf.tag is not tag:
            raise Misconfigured(f"two designations meet at {leaf.path!r}")
        leaf.tag = tag

    def check_names(self, names: Collection[str]) -> int:
        """The effort of comparing an object's `names` with its members'; most are known.

        Raises:
            Malformed: One may be taken for the way to a designated place. That is a name that
                differs from a member's in what careless readers overlook, or that spells several
                steps as one (`address.ssn`), as some stores let it. Never in a shape that is not
                wary.
            TooLarge: It takes more effort than MAX_PLACES.
        """
        known = self.known
        if known is None or known.issuperset(names):
            return 0
        check_places(len(names) - len(known))  # before they are looked at one by one
        unknown = set(names) - known
        taken = effort(unknown)
        check_places(taken)
        if any(self._is_reached_by(name) for name in unknown):
            raise Malformed(
                "a name differs from one on the way to a protected field only in its spelling"
            )
        self._remember(unknown)
        return taken

    def _remember(self, harmless: Collection[str]) -> None:
        """So that they are compared once. What a hostile body left here makes way for others."""
        known = self.known
        if known is None or len(harmless) > _MOST_KNOWN:
            return
        if len(known) + len(harmless) > _MOST_KNOWN:
            known.clear()
            known.update(self.members)
        known.update(name for name in harmless if len(name) <= _LONGEST_KNOWN)

    def _is_reached_by(self, name: str) -> bool:
        if fold(name) in self.folded:
            return True
        found = steps(name)
        if any(found[: len(each)] == each for each in self.joined):
            return True
        place = self
        for step in found:
            while place.items is not None and not place.members:
                place = place.items
            below = place.folded.get(step)
            if below is None:
                return False
            if below.tag is not None:
                return True
            place = below
        return place is not self

    def finish(self, *, wary: bool, in_document: bool = False) -> None:
        """Mark what lies inside documents; refuse a designated place inside another."""
        self.in_document = in_document
        self.folded = {fold(name): below for name, below in self.members.items()}
        self.joined = [each for each in map(steps, self.members) if len(each) > 1]
        self.known = set(self.members) if wary else None
        for name, below in self.members.items():
            if below.tag is None:
                self.branches.append((name, below))
            else:
                self.leaves.append((name, below.tag))
        for child in self.children:
            if self.tag is not None:
                raise Misconfigured(f"{self.path!r} is designated, and so is {child.path!r} in it")
            # By default both `$` and `$[*]` hold documents: an item of the root is a new one.
            inside = not child.is_document and (in_document or self.is_document)
            child.finish(wary=wary, in_document=inside)


def build_shape[T](
    documents: Iterable[FieldPath],
    in_documents: Iterable[tuple[FieldPath, T]],
    in_body: Iterable[tuple[FieldPath, T]] = (),
    *,
    wary: bool = False,
) -> Shape[T]:
    """The shape of bodies whose documents stand at `documents`; `wary` for what goes to a store.

    Tags of `in_documents` are found in every document, tags of `in_body` from the body's root.
    Raises Misconfigured where one designated place lies in another.
    """
    root: Shape[T] = Shape("")
    tagged = tuple(in_documents)
    for start in [root.at(path) for path in documents]:
        start.is_document = True
        for path, tag in tagged:
            start.designate(path, tag)
    for path, tag in in_body:
        root.designate(path, tag)
    root.finish(wary=wary)
    return root
