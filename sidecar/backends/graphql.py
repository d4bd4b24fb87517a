# SPDX-License-Identifier: Apache-2.0
"""GraphQL over HTTP: kind `graphql`.

Requests are JSON, `{query, variables, operationName, extensions}` or a list of such; values stand
in `variables` and come back in `data`, so that is where the rule's `documents` have to be. Found
and put back they are as in any other JSON (`rest`); what is added here is what the text of the
query, and members of variables that no rule names, might carry past the rule.

A request without a query is known by an id alone. It passes where `require` names the ids: whoever
writes the rule has read those queries.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import unquote_plus

from cachetools import LRUCache

from sidecar.backends.adapter import Message
from sidecar.backends.graphql_text.names import ProtectedNames
from sidecar.backends.graphql_text.operations import read_operations, strange_names
from sidecar.backends.media import codec_of
from sidecar.backends.problem import refusal_in
from sidecar.backends.records import record_path
from sidecar.backends.refusals import (
    NotSearchable,
    PersistedQuery,
    RequirementFailed,
    UnsupportedMedia,
)
from sidecar.backends.rest import BACKEND as REST
from sidecar.codecs import Shape, Site, build_shape, find_codec, fold
from sidecar.codecs.places import check_places
from sidecar.codecs.spelling import effort
from sidecar.errors import Malformed, SidecarError
from sidecar.fieldpath import EACH, FieldPath
from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.rules import DETERMINISTIC, Documents, Requirement, Rule
from sidecar.rules.faults import fault

_MEMBERS = frozenset({"query", "variables", "operationName", "extensions"})
_HASH = ("extensions", "persistedQuery", "sha256Hash")
_IDS = (("id",), ("documentId",), ("doc_id",), ("queryId",), _HASH)
"""Where clients put the id of a query that the server knows."""
_IN_URL = frozenset({fold(name) for name in (*_MEMBERS, *(ids[0] for ids in _IDS))})
_SEND_THE_TEXT = "PersistedQueryNotSupported"
"""Apollo Server's word, upon which clients of automatic persisted queries send the text."""
_KNOWN_DOCUMENTS = 512
_JSON = find_codec("application/json")

type _Check = Callable[[str], bool]


class _GraphqlAdapter:
    """The backend bound to one rule."""

    def __init__(self, rule: Rule) -> None:
        _check_documents(rule)
        self._rule = rule.name
        self._as_rest = REST.bind(_with_batches(rule))
        self._has_fields = bool(rule.fields)
        self._names = ProtectedNames(rule.fields)
        tags = [(field.path, field) for field in rule.fields]
        self._request: Shape[object] = build_shape(rule.documents.request, tags)
        answers: Shape[object] = build_shape(rule.documents.response, tags)
        self._check_document = _checker(
            self._names,
            self._request.members["variables"],
            answers.members["data"],
            _record_in_documents(rule),
        )
        required = {need.path.steps for need in rule.require}
        self._trusted = [ids for ids in _IDS if ids in required]
        self._checked: LRUCache[bytes, bool] = LRUCache(_KNOWN_DOCUMENTS)

    def read_request(
        self, head: RequestHead, variables: Mapping[str, str], query: bytes, body: bytes
    ) -> Message[RequestHead]:
        if any(fold(unquote_plus(name)) in _IN_URL for name in _names_of(query)):
            raise UnsupportedMedia("a query in the URL; send it as JSON in the body of a POST")
        if body and codec_of(head) is not _JSON:
            raise UnsupportedMedia("a GraphQL request that is not JSON")
        message = self._as_rest.read_request(head, variables, query, body)
        if body and self._has_fields:
            operations = read_operations(body)
            self._check_names(operations)
            writes = [self._check(operation) for operation in operations]
            if not any(writes):
                _check_searchable(message)
        return message

    def is_silent(self, head: ResponseHead, body: bytes) -> bool:
        return self._as_rest.is_silent(head, body)

    def read_response(
        self, head: ResponseHead, variables: Mapping[str, str], body: bytes
    ) -> Message[ResponseHead]:
        return self._as_rest.read_response(head, variables, body)

    def refusal(self, error: SidecarError) -> Refusal:
        """GraphQL over HTTP (draft 2025), section 6: errors, and a status that tells as well."""
        told = {"code": error.code, "rule": self._rule}
        message = error.why
        if isinstance(error, PersistedQuery):
            message, told["reason"] = _SEND_THE_TEXT, error.why
        content = {"errors": [{"message": message, "extensions": told}]}
        return refusal_in(b"application/graphql-response+json", content, error)

    def _check(self, operation: object) -> bool:
        """Whether an operation may write."""
        if not isinstance(operation, dict):
            raise Malformed("a GraphQL request is an object")
        trusted = [ids for ids in self._trusted if isinstance(_find(operation, ids), str)]
        text = operation.get("query")
        if text is None and not trusted:
            raise PersistedQuery(
                "a query that is known by its id alone; `require` has to name the ids"
            )
        if operation.keys() - _MEMBERS - {ids[0] for ids in trusted}:
            raise RequirementFailed(
                "a GraphQL request has a member besides query, variables, operationName and "
                "extensions that `require` does not name"
            )
        if text is None:
            return True
        if not isinstance(text, str):
            raise Malformed("the query is no text")
        return self._check_text(text, _find(operation, _HASH), is_trusted=bool(trusted))

    def _check_text(self, text: str, claimed: object, *, is_trusted: bool) -> bool:
        digest = hashlib.sha256(text.encode())
        if claimed is not None and claimed != digest.hexdigest() and not is_trusted:
            raise Malformed("the hash of the query is another one's")
        writes = self._checked.get(digest.digest())
        if writes is None:
            writes = self._check_document(text)
            self._checked[digest.digest()] = writes
        return writes

    def _check_names(self, operations: list[object]) -> None:
        """Refuse a member that is named like a protected field where the rule names none."""
        names = strange_names(operations, self._request)
        check_places(effort(names))
        if any(self._names.are_like(name) for name in names):
            raise RequirementFailed(
                "a member of the variables is named like a protected field, where the rule names "
                "no document"
            )


def _checker(
    names: ProtectedNames,
    variables: Shape[object],
    answers: Shape[object],
    record: tuple[str, ...] | None,
) -> _Check:
    """What checks the text of a query."""
    from sidecar.backends.graphql_text.document import Surroundings, check_document  # noqa: PLC0415 - heavy

    return partial(check_document, around=Surroundings(names, variables, answers, record))


def _record_in_documents(rule: Rule) -> tuple[str, ...] | None:
    """Where documents have to tell their record; None where there is none, or the path may."""
    if rule.record is None or any(rule.record in dict(each.variables) for each in rule.routes):
        return None
    return tuple(step for step in record_path(rule.record).steps if isinstance(step, str))


def _check_documents(rule: Rule) -> None:
    for paths, root in ((rule.documents.request, "variables"), (rule.documents.response, "data")):
        for path in paths:
            if path.steps[:1] != (root,):
                raise fault(
                    rule.where,
                    f"rule {rule.name!r}: documents of a GraphQL store stand at `$.variables` and "
                    f"below in requests, and below `$.data` in answers; {path} does not",
                )


def _with_batches(rule: Rule) -> Rule:
    """`rule` for requests that are one operation, and for those that are a list of them."""
    each = FieldPath((EACH,))
    request, response = (
        (*paths, *(each / path for path in paths))
        for paths in (rule.documents.request, rule.documents.response)
    )
    require = [*rule.require, *(Requirement(each / n.path, n.pattern) for n in rule.require)]
    return dataclasses.replace(rule, documents=Documents(request, response), require=tuple(require))


def _names_of(query: bytes) -> list[str]:
    return [part.partition(b"=")[0].decode("latin-1") for part in query.split(b"&")]


def _find(content: object, steps: tuple[str, ...]) -> object:
    for step in steps:
        content = content.get(step) if isinstance(content, dict) else None
    return content


def _check_searchable(message: Message[RequestHead]) -> None:
    """A document of a query's variables is a filter."""
    for value in message.values:
        is_sealed = value.field.mode not in DETERMINISTIC and value.lexeme != b"null"
        if is_sealed and isinstance(value.place, Site):
            raise NotSearchable(
                f"the query looks for a value of {value.field.name!r}, which is sealed"
            )


class Graphql:
    """The backend."""

    kind = "graphql"

    def bind(self, rule: Rule) -> _GraphqlAdapter:
        return _GraphqlAdapter(rule)


BACKEND = Graphql()
