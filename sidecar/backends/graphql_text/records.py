# SPDX-License-Identifier: Apache-2.0
"""Whether a selection asks for the id of the record that values of its answer are bound to.

An answer without the id could not be opened, which would be told only when the store has acted.
"""

from collections.abc import Mapping

from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)

from sidecar.backends.refusals import RequirementFailed

_CONDITIONS = frozenset({"skip", "include"})


class RecordIds:
    """The id at the path `record` of each document, as the selections of one query ask for it."""

    def __init__(
        self, record: tuple[str, ...], fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._record = record
        self._fragments = fragments
        self._told: dict[tuple[str, int], bool] = {}

    def are_told(self, selections: SelectionSetNode | None, depth: int = 0) -> bool:
        """Whether `selections`, `depth` steps on the way to the id, ask for it under any condition.

        That of a fragment's type is taken to hold.

        Raises:
            RequirementFailed: An alias puts another member in the id's place.
        """
        nodes = selections.selections if selections else ()
        told = [self._is_told(node, depth) for node in nodes]  # each is looked at
        return any(told)

    def _is_told(self, node: SelectionNode, depth: int) -> bool:
        if any(directive.name.value in _CONDITIONS for directive in node.directives or ()):
            return False
        if isinstance(node, InlineFragmentNode):
            return self.are_told(node.selection_set, depth)
        if isinstance(node, FragmentSpreadNode):
            return self._is_told_by_fragment(node.name.value, depth)
        if not isinstance(node, FieldNode):
            return False
        name, step = node.name.value, self._record[depth]
        if (node.alias.value if node.alias else name) != step:
            return False
        if name != step:
            raise RequirementFailed("an alias puts another member where the record's id stands")
        is_last = depth + 1 == len(self._record)
        return is_last or self.are_told(node.selection_set, depth + 1)

    def _is_told_by_fragment(self, name: str, depth: int) -> bool:
        key = name, depth
        if key not in self._told:
            self._told[key] = False  # while it is looked at: a fragment may spread itself
            fragment = self._fragments.get(name)
            self._told[key] = fragment is not None and self.are_told(fragment.selection_set, depth)
        return self._told[key]
