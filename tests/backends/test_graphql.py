# SPDX-License-Identifier: Apache-2.0
"""GraphQL over HTTP: where values stand, which requests hide some, and how a refusal is told."""

import hashlib
import json
import re
from typing import Any

import pytest

from sidecar.backends import (
    BACKENDS,
    Adapter,
    NotSearchable,
    PersistedQuery,
    RequirementFailed,
    UnexpectedShape,
    UnsupportedMedia,
)
from sidecar.codecs.places import MAX_PLACES
from sidecar.errors import KeyUnavailable, Malformed, Misconfigured, Refused, TooLarge
from sidecar.fieldpath import FieldPath
from sidecar.message import RequestHead, ResponseHead
from sidecar.rules import Documents, Mode, Place, Requirement
from tests.rules import samples

PATH = FieldPath.parse
JSON = (b"Content-Type", b"application/json")
DOCUMENTS = Documents(
    (PATH("$.variables"), PATH("$.variables.input")),
    (PATH("$.data.customer"), PATH("$.data.customers[*]")),
)
SAVE = "mutation($input: I!) { save(input: $input) { id } }"
FIND = "query($email: S) { customers(email: $email) { id ssn } }"
HASH = hashlib.sha256(SAVE.encode()).hexdigest()


def adapter(**parts: object) -> Adapter:
    options: dict[str, Any] = {
        "fields": (samples.field("ssn"), samples.field("email", Mode.EQUALITY)),
        "lookup_keys": (b"edk",),
        "documents": DOCUMENTS,
        **parts,
    }
    return BACKENDS["graphql"].bind(samples.rule("/graphql", **options))


def head(*lines: tuple[bytes, bytes], method: bytes = b"POST") -> RequestHead:
    return RequestHead(method, b"/graphql", samples.HOST, lines or (JSON,))


def found(content: object, bound: Adapter | None = None) -> list[tuple[str, bytes]]:
    message = (bound or adapter()).read_request(head(), {}, b"", json.dumps(content).encode())
    return [(value.field.name, value.lexeme) for value in message.values]


def operation(text: str | None, variables: object = None, **more: object) -> dict[str, object]:
    return {"query": text, "variables": variables, **more}


def test_values_are_found_in_variables_and_put_back() -> None:
    body = b'{"query" : "%b", "variables":{"input":{"ssn":"1", "n":1.10}}}' % SAVE.encode()
    message = adapter().read_request(head(), {}, b"", body)
    (value,) = message.values
    assert message.finish([(value.place, b'"new"')])[1] == body.replace(
        b'"1", ', b'"new",'
    ).replace(b'" : "', b'":"').replace(b'", "', b'","')


def test_a_list_of_operations_is_searched_one_by_one() -> None:
    many = [operation(SAVE, {"input": {"ssn": "1"}}), operation(FIND, {"email": "a"})]
    assert found(many) == [("ssn", b'"1"'), ("email", b'"a"')]
    with pytest.raises(RequirementFailed):
        found([*many, operation('mutation { save(ssn: "078") { id } }')])


def test_answers_are_read_below_data_for_each_operation() -> None:
    answer = ResponseHead(200, b"OK", ((b"Content-Type", b"application/graphql-response+json"),))
    one = b'{"data":{"customer":{"ssn":"1"},"customers":[{"ssn":"2"}]},"errors":[]}'
    for body in (one, b"[%b]" % one):
        values = adapter().read_response(answer, {}, body).values
        assert [value.lexeme for value in values] == [b'"1"', b'"2"']


@pytest.mark.parametrize(
    "variables",
    [
        {"data": {"ssn": "078"}},
        {"input": {"profile": {"ssn": "078"}}},
        {"list": [{"a": [{"Ssn": "078"}]}]},
        {"where": {"email": {"_eq": "078"}}},
    ],
)
def test_a_member_named_like_a_field_stands_where_the_rule_says(variables: object) -> None:
    with pytest.raises(RequirementFailed):
        found(operation("query($data: I) { f(x: $data) }", variables))
    with pytest.raises(RequirementFailed):
        found(operation("{ id }", {}, extensions=variables))


@pytest.mark.parametrize("variables", ["{}", '{"ssn":"078"}', [], [{"ssn": "078"}], 7])
def test_variables_are_an_object(variables: object) -> None:
    with pytest.raises(UnexpectedShape):
        found(operation("{ id }", variables))


@pytest.mark.parametrize("content", [7, "x", None, [7], [[operation("{ id }")]], {"query": 7}])
def test_what_is_no_request_is_refused(content: object) -> None:
    with pytest.raises(Refused):
        found(content)


@pytest.mark.parametrize(
    "body",
    [
        b'{"query":"{ id }","query":"mutation { save(ssn: 78) { id } }"}',
        b'{"query":"{ id }","Query":"mutation { save(ssn: 78) { id } }","variables":null}',
        b'{"query":"{ id }","variables":{},"Variables":{"ssn":"078"}}',
        b'{"query":"{ id }","variables":{"ssn":"1","ssn":"2"}}',
        b'{"query":"{ id }"',
    ],
)
def test_a_request_is_read_in_one_way(body: bytes) -> None:
    with pytest.raises(Refused):
        adapter().read_request(head(), {}, b"", body)


@pytest.mark.parametrize("number", [b"1e400", b"1.10", b"9" * 30])
def test_numbers_are_not_made_of_what_nobody_designated(number: bytes) -> None:
    body = b'{"query":"{ id }","variables":{"n":%b}}' % number
    assert adapter().read_request(head(), {}, b"", body).finish()[1] == body


def test_a_filter_of_a_query_is_not_sealed_for_nothing() -> None:
    text = "query($input: F) { customers(where: $input) { id } }"
    assert found(operation(text, {"input": {"email": "a", "ssn": None}})) == [
        ("ssn", b"null"), ("email", b'"a"'),
    ]  # fmt: skip
    with pytest.raises(NotSearchable):
        found(operation(text, {"input": {"ssn": "078"}}))


class TestHeads:
    @pytest.mark.parametrize(
        "query",
        [b"query={id}", b"a=1&query=x", b"Query=x", b"%71uery=x", b"variables={}", b"extensions=x",
         b"operationName=x", b"id=x", b"documentId=x"],
    )  # fmt: skip
    def test_a_query_in_the_url_is_refused(self, query: bytes) -> None:
        with pytest.raises(UnsupportedMedia):
            adapter().read_request(head(method=b"GET"), {}, query, b"")

    def test_other_parameters_and_a_request_without_a_body_pass(self) -> None:
        assert not adapter().read_request(head(method=b"GET"), {}, b"op=Save&v=2", b"").values

    def test_a_parameter_that_looks_for_a_value_is_refused(self) -> None:
        with pytest.raises(NotSearchable):
            adapter().read_request(head(), {}, b"ssn=078", b"")

    @pytest.mark.parametrize(
        "lines",
        [
            ((b"Content-Type", b"application/graphql"),),
            ((b"Content-Type", b"application/x-www-form-urlencoded"),),
            ((b"Content-Type", b"application/x-ndjson"),),
            ((b"Content-Type", b"multipart/form-data; boundary=x"),),
            ((b"X", b"1"),),
        ],
    )
    def test_a_body_that_is_not_json_is_refused(self, lines: tuple[tuple[bytes, bytes]]) -> None:
        with pytest.raises(UnsupportedMedia):
            adapter().read_request(head(*lines), {}, b"", json.dumps(operation(SAVE)).encode())


class TestIds:
    TRUSTED = Requirement(PATH("$.extensions.persistedQuery.sha256Hash"), re.compile("abc|def"))

    @staticmethod
    def persisted(sha: object, **more: object) -> dict[str, object]:
        return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha}}, **more}

    def test_a_query_known_by_its_id_alone_is_refused(self) -> None:
        for content in (self.persisted("abc"), {"id": "abc"}, {"documentId": "a"}, {}):
            with pytest.raises(PersistedQuery):
                found(content)

    def test_a_client_learns_that_it_has_to_send_the_text(self) -> None:
        with pytest.raises(PersistedQuery) as caught:
            found(self.persisted("abc"))
        (error,) = json.loads(adapter().refusal(caught.value).body)["errors"]
        assert error["message"] == "PersistedQueryNotSupported"
        assert "`require`" in error["extensions"]["reason"]
        assert found(self.persisted(HASH, query=SAVE, variables={"ssn": "1"})) != []

    def test_unless_the_rule_names_the_id(self) -> None:
        bound = adapter(require=(self.TRUSTED,))
        variables = {"variables": {"ssn": "1"}}
        assert found(self.persisted("abc", **variables), bound) == [("ssn", b'"1"')]
        assert found([self.persisted("def", **variables)], bound) == [("ssn", b'"1"')]
        for sha in ("xyz", None, 7):
            with pytest.raises(RequirementFailed):
                found(self.persisted(sha, **variables), bound)
            with pytest.raises(RequirementFailed):
                found([self.persisted(sha, **variables)], bound)

    def test_a_member_of_another_id_may_be_named_too(self) -> None:
        bound = adapter(require=(Requirement(PATH("$.documentId"), re.compile("[0-9]")),))
        assert found({"documentId": "7", "variables": {"ssn": "1"}}, bound) == [("ssn", b'"1"')]
        with pytest.raises(RequirementFailed):
            found({"documentId": "7", "id": "x", "variables": {"ssn": "1"}}, bound)

    def test_a_text_goes_under_its_own_hash_alone(self) -> None:
        assert found(self.persisted(HASH, query=SAVE, variables={"ssn": "1"})) != []
        with pytest.raises(Malformed):
            found(self.persisted("0" * 64, query=SAVE))
        with pytest.raises(RequirementFailed):
            found(operation(SAVE, {}, id="abc"))


def test_a_text_that_was_refused_is_refused_again() -> None:
    bound = adapter()
    for _ in range(2):
        with pytest.raises(RequirementFailed):
            found(operation('mutation { save(ssn: "078") { id } }'), bound)
        assert found(operation(SAVE, {"ssn": "1"}), bound) == [("ssn", b'"1"')]


@pytest.mark.parametrize(
    "documents",
    [
        Documents(),
        Documents((PATH("$.input"),), DOCUMENTS.response),
        Documents(DOCUMENTS.request, (PATH("$.customers"),)),
    ],
)
def test_documents_stand_in_variables_and_in_data(documents: Documents) -> None:
    with pytest.raises(Misconfigured, match=r"\$\.variables"):
        adapter(documents=documents)


def test_a_rule_without_fields_of_bodies_reads_none() -> None:
    outside = (samples.field("x", place=Place.HEADER),)
    bound = adapter(fields=(), outside=outside, lookup_keys=())
    assert found(operation('mutation { save(ssn: "1") { id } }'), bound) == []


class TestRefusals:
    def test_are_errors_of_graphql(self) -> None:
        told = adapter().refusal(RequirementFailed("why"))
        assert told.status == 403
        assert (b"Content-Type", b"application/graphql-response+json") in told.headers
        assert json.loads(told.body) == {
            "errors": [
                {
                    "message": "why",
                    "extensions": {"code": "requirement_failed", "rule": "customers"},
                }
            ]
        }

    def test_say_when_to_try_again(self) -> None:
        told = adapter().refusal(KeyUnavailable("why", 7))
        assert (told.status, (b"Retry-After", b"7") in told.headers) == (503, True)


class TestRecords:
    """The answer to what was written opens, or nothing is written."""

    def test_a_selection_without_the_record_is_refused(self) -> None:
        text = "mutation($input: I!) { customer(input: $input) { ssn } }"
        variables = {"input": {"id": "c1", "ssn": "1"}}
        with pytest.raises(RequirementFailed, match="no id of the record"):
            found(operation(text, variables), adapter(record="id"))
        assert found(operation(text.replace("ssn", "id ssn"), variables), adapter(record="id"))
        assert found(operation(text, variables))

    def test_the_path_may_tell_it(self) -> None:
        rule = samples.rule(
            "/{customer}/graphql", fields=(samples.field("ssn"),), documents=DOCUMENTS,
            record="customer",
        )  # fmt: skip
        body = json.dumps(operation("{ customer { ssn } }")).encode()
        message = BACKENDS["graphql"].bind(rule).read_request(head(), {"customer": "c"}, b"", body)
        assert message.finish()[1] == body


def test_names_are_compared_once_for_all_operations() -> None:
    few = dict.fromkeys(map(str, range(MAX_PLACES // 2)), 1)
    more = dict.fromkeys((f"n{number}" for number in range(MAX_PLACES // 2)), 1)
    assert found([operation("{ id }", {"a": few})] * 3) == []
    with pytest.raises(TooLarge):
        found([operation("{ id }", {"a": few}), operation("{ id }", {"a": more})])
