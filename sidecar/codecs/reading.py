# SPDX-License-Identifier: Apache-2.0
"""What every codec gives: the sites of one held body, and the body again with some replaced."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from sidecar.codecs.shape import Shape


class Site[T](msgspec.Struct, frozen=True, gc=False):
    """One place of one body that a leaf of the shape names.

    `lexeme` is the value in the format's own spelling. `document` numbers the documents of the body
    in reading order; -1 stands for a place outside every document. `container` and `key` are the
    codec's own.
    """

    tag: T
    lexeme: bytes
    document: int
    container: Any
    key: str | int
    is_compared: bool = False
    """Whether the store is only asked if it holds this value."""


type Edits[T] = Sequence[tuple[Site[T], bytes]]
"""Sites of one reading, each in a document and named once, and the whole values, in the format's
spelling, that are to stand there."""


class Misfit(NamedTuple):
    """A value, not null, through which the way to a designated place does not lead."""

    path: str
    in_document: bool


class Reading[T](Protocol):
    """One body, read once."""

    sites: list[Site[T]]
    misfits: list[Misfit]
    elements: int
    """How many list elements, lines and compared names it was read in."""

    @property
    def claims(self) -> int:
        """How many texts of the body, whether designated or not, claim to be envelopes."""

    @property
    def documents(self) -> int:
        """How many documents stand in the body."""

    def render(self, edits: Edits[T] = ()) -> bytes:
        """The body with `edits` made; the very bytes that were read where there are none.

        To be called once: the reading is used up.
        """


class Codec(Protocol):
    """A format of bodies that are held whole; it keeps no state."""

    media_types: frozenset[str]
    suffixes: frozenset[str]

    def read[T](self, body: bytes, shape: Shape[T]) -> Reading[T]:
        """Find the sites that `shape` names.

        Raises:
            Malformed: The body can be read in two ways.
            TooLarge: It has more than MAX_PLACES places.
        """
