# SPDX-License-Identifier: Apache-2.0
"""What the text of a GraphQL request may carry past a rule (GraphQL, October 2021 edition).

Values belong into variables. In the text itself are refused: literals for a protected name, and
texts in input objects, which may be values beside the name of a field (`{field: "ssn", eq: "…"}`);
a variable for a protected name that the rule does not seal as that field, and a sealed one for any
other name; default values of such variables; aliases that give an answer's member another name on
the way to a protected field; a value that is bound to a record without the record's id beside it;
what answers in pieces (`subscription`, `@defer`, `@stream`).

All operations and fragments of a document are read, whichever is chosen.
"""

from collections.abc import Iterable
from typing import NamedTuple

from graphql import GraphQLError, parse
from graphql.language import (
    ArgumentNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
)

from sidecar.backends.graphql_text.names import ProtectedNames, below_lists
from sidecar.backends.graphql_text.records import RecordIds
from sidecar.backends.refusals import NotSearchable, RequirementFailed, UnsupportedMedia
from sidecar.codecs import Shape
from sidecar.errors import Malformed
from sidecar.rules import DETERMINISTIC, Field

MAX_LENGTH = 64 * 1024
MAX_TOKENS = 5000
"""A document of so many is read in some 50 ms, while other messages wait."""

_IN_PIECES = frozenset({"defer", "stream"})

type _Place = Shape[object] | None


class Surroundings(NamedTuple):
    """What a rule says of the messages around a document.

    `variables` and `answers` are the shapes of what stands at `$.variables` and at `$.data`;
    `record` is the path of the id in each document, None where documents need not tell one.
    """

    names: ProtectedNames
    variables: _Place
    answers: _Place
    record: tuple[str, ...] | None = None


def check_document(text: str, around: Surroundings) -> bool:
    """Whether an operation of the document writes.

    Raises:
        Malformed: It is no executable document, or too long a one.
        RequirementFailed: A value could pass the rule, or its answer could not be opened.
        NotSearchable: A query looks for a value that is sealed so that nobody can look for it.
        UnsupportedMedia: It asks for answers in pieces.
    """
    if len(text) > MAX_LENGTH:
        raise Malformed(f"the query has more than {MAX_LENGTH} characters")
    try:
        document = parse(text, no_location=True, max_tokens=MAX_TOKENS)
        operations: list[OperationDefinitionNode] = []
        fragments: dict[str, FragmentDefinitionNode] = {}
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                operations.append(definition)
            elif isinstance(definition, FragmentDefinitionNode):
                if fragments.setdefault(definition.name.value, definition) is not definition:
                    raise Malformed("two fragments of the query have one name")
            else:
                raise Malformed("the query has a definition that cannot be executed")
        reader = _DocumentReader(around, fragments)
        for operation in operations:
            reader.read_operation(operation)
        if fragments.keys() != reader.used:
            raise Malformed("the query has a fragment that no operation uses")
    except (GraphQLError, RecursionError):
        raise Malformed("the query is no GraphQL document, or one too long or too deep") from None
    return any(operation.operation is OperationType.MUTATION for operation in operations)


class _DocumentReader:
    """One document against one rule."""

    def __init__(self, around: Surroundings, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._names = around.names
        self._variables = around.variables
        self._answers = around.answers
        self._ids = None if around.record is None else RecordIds(around.record, fragments)
        self._fragments = fragments
        self.used: set[str] = set()
        self._seen: set[tuple[str, int, bool]] = set()
        self._writes = False

    def read_operation(self, operation: OperationDefinitionNode) -> None:
        if operation.operation is OperationType.SUBSCRIPTION:
            raise UnsupportedMedia("a subscription is answered in pieces, which are not opened")
        self._writes = operation.operation is OperationType.MUTATION
        self._seen.clear()
        for definition in operation.variable_definitions or ():
            self._read_default(definition)
        self._read_directives(operation.directives)
        self._read_selections(
            operation.selection_set, self._answers, is_told=self._enter(self._answers)
        )

    def _enter(self, shape: _Place, *, is_told: bool = True) -> bool:
        """Whether the record of what stands at `shape` is told already, or nobody needs it."""
        return self._ids is None or (is_told and not (shape and shape.is_document))

    def _read_selections(
        self, selections: SelectionSetNode | None, shape: _Place, *, is_told: bool
    ) -> None:
        """`is_told` says whether the record's id is asked for, if an answer needs one here."""
        if self._ids and shape and shape.is_document:
            is_told = self._ids.are_told(selections) or is_told
        for selection in selections.selections if selections else ():
            self._read_directives(selection.directives)
            if isinstance(selection, FieldNode):
                self._read_field(selection, shape, is_told=is_told)
            elif isinstance(selection, InlineFragmentNode):
                self._read_selections(selection.selection_set, shape, is_told=is_told)
            elif isinstance(selection, FragmentSpreadNode):
                self._read_fragment(selection.name.value, shape, is_told=is_told)

    def _read_fragment(self, name: str, shape: _Place, *, is_told: bool) -> None:
        if name in self._fragments and (name, id(shape), is_told) not in self._seen:
            self.used.add(name)
            self._seen.add((name, id(shape), is_told))
            self._read_selections(self._fragments[name].selection_set, shape, is_told=is_told)

    def _read_field(self, field: FieldNode, shape: _Place, *, is_told: bool) -> None:
        name = field.name.value
        for argument in field.arguments or ():
            self._read_argument(argument)
        below = shape.members.get(name) if shape else None
        alias = field.alias.value if field.alias else name
        if shape and alias != name and not shape.members.keys().isdisjoint({alias, name}):
            raise RequirementFailed(
                "an alias on the way to a protected field, which the answer would have under "
                "another name"
            )
        if below is None and not field.selection_set and self._names.has_digits(name):
            raise RequirementFailed(
                f"{name!r} is read where the rule names no such field, and sealed digits do not "
                "tell that they are sealed"
            )
        place = below_lists(below)
        tag = place.tag if place else None
        if isinstance(tag, Field) and tag.mode not in DETERMINISTIC and not is_told:
            raise RequirementFailed(
                f"the selection of {name!r} has no id of the record that it is bound to, so its "
                "answer could not be opened"
            )
        self._read_selections(
            field.selection_set, place, is_told=self._enter(place, is_told=is_told)
        )

    def _read_directives(self, directives: Iterable[DirectiveNode] | None) -> None:
        for directive in directives or ():
            if directive.name.value in _IN_PIECES:
                raise UnsupportedMedia("an answer in pieces cannot be opened")
            for argument in directive.arguments or ():
                self._read_argument(argument)

    def _read_argument(self, argument: ArgumentNode) -> None:
        name = self._names.find(argument.name.value)
        self._read_value(argument.value, name, in_object=False)

    def _read_value(self, value: ValueNode, name: str | None, *, in_object: bool) -> None:
        """A value for the protected name `name`, or for none."""
        if isinstance(value, VariableNode):
            self._read_variable(value.name.value, name)
        elif isinstance(value, ListValueNode):
            for item in value.values:
                self._read_value(item, name, in_object=in_object)
        elif isinstance(value, ObjectValueNode):
            for member in value.fields:
                self._read_member(member, name)
        elif name is not None:
            if not isinstance(value, NullValueNode) or self._names.seals_null(name):
                raise RequirementFailed(
                    f"the query text has a value for {name!r}, which is protected; pass it as a "
                    "variable that the rule names"
                )
        elif in_object and isinstance(value, StringValueNode):
            raise RequirementFailed(
                "the query text has a text in an input object; pass it as a variable"
            )

    def _read_member(self, member: ObjectFieldNode, name: str | None) -> None:
        inner = self._names.find(member.name.value)
        self._read_value(member.value, inner or name, in_object=True)

    def _read_variable(self, variable: str, name: str | None) -> None:
        """Refuse a variable that brings a value in clear, or a sealed one to another field."""
        place = below_lists(self._variables.members.get(variable) if self._variables else None)
        field = place.tag if place else None
        if not isinstance(field, Field):
            if name is not None:
                raise RequirementFailed(
                    f"a variable stands for {name!r}, which is protected, and is not named in the "
                    "rule as that field"
                )
            return
        if name != field.path.last_name:
            raise RequirementFailed(
                f"the variable of the protected field {field.name!r} stands for another one"
            )
        if not self._writes and field.mode not in DETERMINISTIC:
            raise NotSearchable(f"the query looks for a value of {name!r}, which is sealed")

    def _read_default(self, definition: VariableDefinitionNode) -> None:
        self._read_directives(definition.directives)
        default = definition.default_value
        if default is None or isinstance(default, NullValueNode):
            return
        name = definition.variable.name.value
        if self._variables and name in self._variables.members:
            raise RequirementFailed("a variable with values of protected fields has a default")
        self._read_value(default, self._names.find(name), in_object=False)
