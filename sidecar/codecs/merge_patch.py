# SPDX-License-Identifier: Apache-2.0
"""JSON Merge Patch bodies (RFC 7396): ordinary documents, in which null is no value.

A null removes a member, so it is no site, whatever the rule says of null. An object is merged into
what the store has, member by member, which a sealed value has none of: at a designated place it is
a misfit. Lists are not merged; what stands in one is a value as anywhere else (section 2).
"""

from typing import NamedTuple

from sidecar.codecs.claims import count_claims
from sidecar.codecs.json import CODEC as JSON
from sidecar.codecs.reading import Edits, Misfit, Reading, Site
from sidecar.codecs.shape import Shape


class _Marked[T](NamedTuple):
    """A tag, and what its place is."""

    tag: T
    shape: Shape[T]
    in_list: bool


class _MergeReading[T]:
    """A document, less what it removes."""

    def __init__(self, body: bytes, reading: Reading[_Marked[T]]) -> None:
        self.sites: list[Site[T]] = []
        self.misfits = reading.misfits
        self.elements = reading.elements
        self.documents = reading.documents
        self.claims = count_claims(body)
        self._reading = reading
        for site in reading.sites:
            tag, shape, in_list = site.tag
            if in_list or not site.lexeme.startswith((b"null", b"{")):
                self.sites.append(Site(tag, site.lexeme, site.document, site, 0))
            elif site.lexeme.startswith(b"{"):
                self.misfits.append(Misfit(shape.path, shape.in_document))

    def render(self, edits: Edits[T] = ()) -> bytes:
        return self._reading.render([(site.container, lexeme) for site, lexeme in edits])


def _marked[T](shape: Shape[T], *, in_list: bool = False) -> Shape[_Marked[T]]:
    """A copy of `shape` whose tags tell whether a list lies on the way to them."""
    copy: Shape[_Marked[T]] = Shape(shape.path)
    copy.is_document = shape.is_document
    if shape.tag is not None:
        copy.tag = _Marked(shape.tag, shape, in_list)
    copy.members = {name: _marked(below, in_list=in_list) for name, below in shape.members.items()}
    if shape.items is not None:
        copy.items = _marked(shape.items, in_list=True)
    return copy


class MergePatch:
    """The codec."""

    media_types = frozenset({"application/merge-patch+json"})
    suffixes: frozenset[str] = frozenset()

    def read[T](self, body: bytes, shape: Shape[T]) -> Reading[T]:
        marked = _marked(shape)
        marked.finish(wary=shape.known is not None)
        return _MergeReading(body, JSON.read(body, marked))


CODEC = MergePatch()
