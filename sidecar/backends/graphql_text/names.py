# SPDX-License-Identifier: Apache-2.0
"""The names by which a GraphQL schema may know a rule's fields.

The proxy knows no schema. It takes every argument, and every member of an input object, that is
named like a field of the rule for that field: by the last name of the field's path.
"""

from collections.abc import Iterable

from sidecar.backends.refusals import RequirementFailed
from sidecar.codecs import Shape, fold
from sidecar.rules import Field, Mode


class ProtectedNames:
    """The last names of the paths of `fields`."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._names: dict[str, list[Field]] = {}
        for field in fields:
            self._names.setdefault(field.path.last_name, []).append(field)
        self._folded = {fold(name) for name in self._names}

    def find(self, name: str) -> str | None:
        """`name` where it is protected; RequirementFailed where it is in another spelling only."""
        if name in self._names:
            return name
        if self.are_like(name):
            raise RequirementFailed(
                "a name in the query differs from that of a protected field only in its spelling"
            )
        return None

    def are_like(self, name: str) -> bool:
        """Whether `name` is one of them in any spelling."""
        return fold(name) in self._folded

    def seals_null(self, name: str) -> bool:
        """Whether a null of that name is to be sealed."""
        return any(field.null == "seal" for field in self._names[name])

    def has_digits(self, name: str) -> bool:
        """Whether values of that name look the same when they are sealed."""
        return any(field.mode is Mode.DIGITS for field in self._names.get(name, ()))


def below_lists[T](shape: Shape[T] | None) -> Shape[T] | None:
    """The shape of what stands at a place, or in the lists there: GraphQL names both alike."""
    while shape is not None and shape.items is not None and not shape.members:
        shape = shape.items
    return shape
