# SPDX-License-Identifier: Apache-2.0
"""Shapes: which places of a document tree matter, merged from all field paths of one rule.

A shape is a tree of names and `[*]` steps. A leaf carries a tag, whatever its owner wants to find
again (a field, the record id, a requirement); codecs know nothing of what a tag means. Shapes are
built once a rule and read for every body.
"""

from __future__ import annotations

from collections.abc import Iterable

from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath


class Shape[T]:
    """What matters at one place and below it.

    `is_document` marks a place where one record's document stands, `in_document` the places inside
    one. `path` is the rule's own spelling of the place, for messages.
    """

    __slots__ = ("in_document", "is_document", "items", "members", "path", "tag")

    def __init__(self, path: str) -> None:
        self.path = path
        self.is_document = False
        self.in_document = False
        self.tag: T | None = None
        self.members: dict[str, Shape[T]] = {}
        self.items: Shape[T] | None = None

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

    def finish(self, *, in_document: bool = False) -> None:
        """Mark what lies inside documents; refuse a designated place inside another."""
        self.in_document = in_document
        for child in self.children:
            if self.tag is not None:
                raise Misconfigured(f"{self.path!r} is designated, and so is {child.path!r} in it")
            # By default both `$` and `$[*]` hold documents: an item of the root is a new one.
            child.finish(in_document=not child.is_document and (in_document or self.is_document))


def build_shape[T](
    documents: Iterable[FieldPath],
    in_documents: Iterable[tuple[FieldPath, T]],
    in_body: Iterable[tuple[FieldPath, T]] = (),
) -> Shape[T]:
    """The shape of bodies whose documents stand at `documents`.

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
    root.finish()
    return root
