# SPDX-License-Identifier: Apache-2.0
"""Where documents stand in bodies, which record each is, and what cannot be searched."""

import re

import msgspec
import pytest
from msgspec.structs import replace

from sidecar.backends import (
    BACKENDS,
    Adapter,
    Endless,
    NotSearchable,
    RequirementFailed,
    Unbound,
    UnexpectedShape,
    UnreadableAnswer,
    UnsupportedMedia,
)
from sidecar.codecs.places import MAX_PLACES, SPARE_PLACES
from sidecar.errors import Malformed, TooLarge
from sidecar.fieldpath import FieldPath
from sidecar.message import Headers, RequestHead
from sidecar.rules import Documents, Mode, Requirement
from tests.backends.rig import JSON, TEXT, adapter, answer, head, sent
from tests.rules import samples

PATH = FieldPath.parse


@pytest.mark.parametrize("lines", [(TEXT,), (JSON, JSON), ((b"X", b"1"),)])
def test_a_body_that_no_codec_reads_is_refused(lines: Headers) -> None:
    with pytest.raises(UnsupportedMedia):
        adapter().read_request(head(*lines), {}, b"", b"{}")


@pytest.mark.parametrize("body", [b'{"a":1}', b'{"a":[{"b":1}]}', b'["x"]', b"7"])
def test_the_way_to_a_field_leads_through_objects_and_lists(body: bytes) -> None:
    bound = adapter(fields=(samples.field("a.b"),), lookup_keys=())
    with pytest.raises(UnexpectedShape):
        bound.read_request(head(), {}, b"", body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":"1","SSN":"1"}', b'{"\\u0053SN":"1"}', b'[{"a":1},{"Ssn":"1"}]',
        b'{"ssn\\u0000":"1"}', b'{"s\\u017fn":"1"}', '{"\uff53sn":"1"}'.encode(),
        b'{"ssn.x":"1"}', b'{"ssn":"1","sSN":"2"}',
    ],
)  # fmt: skip
def test_a_name_that_a_store_may_take_for_a_field_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        adapter().read_request(head(), {}, b"", body)
    assert "spelling" in caught.value.why


def test_an_answer_may_have_names_that_look_alike() -> None:
    message = adapter().read_response(answer(), {}, b'{"ssn":"1","SSN":"2"}')
    assert [value.lexeme for value in message.values] == [b'"1"']


def test_a_json_patch_under_another_name_is_refused() -> None:
    patch = b' [{"op":"replace","path":"/ssn","value":"1"}]'
    for body in (patch, patch.replace(b'"op"', rb'"\u006fp"'), b'{"Operations":%b}' % patch):
        with pytest.raises(UnsupportedMedia):
            adapter().read_request(replace(head(), method=b"PATCH"), {}, b"", body)
    overridden = replace(head(JSON, (b"X-HTTP-Method-Override", b"patch")), method=b"POST")
    for other in (overridden, replace(head(target=b"/c?_method=PATCH"), method=b"POST")):
        with pytest.raises(UnsupportedMedia):
            adapter().read_request(other, {}, b"", patch)
    assert adapter().read_request(head(), {}, b"", patch).values == []
    bulk = adapter().read_request(replace(head(), method=b"PATCH"), {}, b"", b'[{"ssn":"1"}]')
    assert len(bulk.values) == 1


@pytest.mark.parametrize("count", [MAX_PLACES - SPARE_PLACES, MAX_PLACES])
def test_what_is_written_is_read_again_with_something_around_it(count: int) -> None:
    bound = adapter(fields=(samples.field("tags[*]"),), lookup_keys=())
    body = b'{"tags":[%b]}' % b",".join([b"null"] * (count // 2))
    if count == MAX_PLACES:
        with pytest.raises(TooLarge):
            bound.read_request(head(), {}, b"", body)
    else:
        bound.read_request(head(), {}, b"", body)
        values = bound.read_response(answer(), {}, b"[%b,{}]" % body).values
        assert len(values) == count // 2


class TestJsonPatch:
    @staticmethod
    def sent(*operations: dict[str, object], variables: dict[str, str] | None = None) -> object:
        patched = replace(head((b"Content-Type", b"application/json-patch+json")), method=b"PATCH")
        bound = adapter(record="id")
        message = bound.read_request(patched, variables or {}, b"", msgspec.json.encode(operations))
        return [(value.field.name, value.lexeme, value.record) for value in message.values]

    def test_its_record_is_that_of_the_path_or_of_a_test(self) -> None:
        operation = {"op": "replace", "path": "/ssn", "value": "1"}
        assert self.sent(operation, variables={"id": "p"}) == [("ssn", b'"1"', "p")]
        test = {"op": "test", "path": "/id", "value": 7}
        assert self.sent(test, operation) == [("ssn", b'"1"', "7")]
        with pytest.raises(Unbound):
            self.sent(test, operation, variables={"id": "p"})
        with pytest.raises(Unbound):
            self.sent(test, operation, {"op": "add", "path": "/id", "value": 8})

    def test_it_compares_only_what_can_be_searched(self) -> None:
        test = {"op": "test", "path": "/email", "value": "a"}
        assert self.sent(test) == [("email", b'"a"', "")]
        assert self.sent({"op": "test", "path": "/ssn", "value": None}, variables={"id": "p"})
        for value, path in (("1", "/ssn"), ({"ssn": "1"}, "")):
            with pytest.raises(NotSearchable):
                self.sent({"op": "test", "path": path, "value": value})


class TestRecords:
    def test_none_where_the_rule_binds_none(self) -> None:
        assert sent(b'{"ssn":1}') == [("ssn", b"1", "")]

    @pytest.mark.parametrize(
        ("body", "variables", "record"),
        [
            (b'{"id":"a","ssn":1}', {}, "a"),
            (b'{"ssn":1,"id":7}', {}, "7"),
            (b'{"ssn":1,"id":-1%b}' % (b"0" * 999), {}, "-1" + "0" * 999),
            (b'{"ssn":1}', {"id": "p"}, "p"),
            (b'{"id":"p","ssn":1}', {"id": "p"}, "p"),
            (b'{"id":null,"ssn":1}', {"id": "p"}, "p"),
            (b'{"ssn":1}', {}, None),
            (b'{"id":null,"ssn":1}', {}, None),
        ],
    )
    def test_named_by_the_document_or_the_path(
        self, body: bytes, variables: dict[str, str], record: str | None
    ) -> None:
        assert sent(body, variables, record="id") == [("ssn", b"1", record)]

    @pytest.mark.parametrize("id_", [b'""', b"true", b"1.0", b"1e2", b"1e400", b"-0", b"{}", b"[]"])
    def test_an_id_has_one_spelling(self, id_: bytes) -> None:
        with pytest.raises(Unbound):
            sent(b'{"id":%b,"ssn":1}' % id_, record="id")

    def test_the_document_does_not_contradict_the_path(self) -> None:
        with pytest.raises(Unbound):
            sent(b'{"id":"a","ssn":1}', {"id": "b"}, record="id")

    def test_documents_without_bound_values_need_none(self) -> None:
        body = b'[{"id":{},"n":1},{"id":"x","email":"a"}]'
        assert sent(body, {"id": "p"}, record="id") == [("email", b'"a"', "")]

    def test_each_document_has_its_own(self) -> None:
        body = b'[{"ssn":1,"id":"a"},{"ssn":2},{"id":"c","ssn":3}]'
        found = [record for _, _, record in sent(body, record="id")]  # type: ignore[misc]
        assert found == ["a", None, "c"]

    def test_a_name_that_is_no_path_is_a_variable(self) -> None:
        routes = ("/customers/{_id}",)
        message = BACKENDS["rest"].bind(samples.rule(*routes, record="_id"))
        values = message.read_request(head(), {"_id": "d"}, b"", b'{"ssn":1}').values
        assert values[0].record == "d"


class TestXml:
    XML = (b"Content-Type", b"text/xml; charset=utf-8")

    def test_a_record_may_be_named_by_an_attribute(self) -> None:
        bound = adapter(record="['@id']", documents=Documents((PATH("$.c[*]"),), (PATH("$"),)))
        body = b"<all><c id='a'><ssn>1</ssn></c><c id='b'><ssn>2</ssn></c><c><ssn>3</ssn></c></all>"
        values = bound.read_request(head(self.XML), {}, b"", body).values
        assert [(value.lexeme, value.record) for value in values] == [
            (b'"1"', "a"), (b'"2"', "b"), (b'"3"', None),
        ]  # fmt: skip
        (value,) = bound.read_response(answer(self.XML), {}, b"<c id='a'><ssn>1</ssn></c>").values
        assert value.record == "a"

    def test_a_claim_is_counted_wherever_it_stands(self) -> None:
        body = b"<c><name>enc:1:x</name><ssn>enc:1:y</ssn></c>"
        assert adapter().read_request(head(self.XML), {}, b"", body).claims == 2
        assert adapter().read_response(answer(self.XML), {}, body).claims == 2

    def test_what_cannot_be_read_is_told_as_any_other(self) -> None:
        body = b"<!DOCTYPE c><c/>"
        with pytest.raises(Malformed):
            adapter().read_request(head(self.XML), {}, b"", body)
        with pytest.raises(UnreadableAnswer):
            adapter().read_response(answer(self.XML), {}, body)


class TestDocuments:
    STATEMENTS = Documents((PATH("$.params"),), (PATH("$.result[*]"),))
    PATTERN = Requirement(PATH("$.command"), re.compile("[^'0-9]*"))

    def bind(self) -> Adapter:
        return adapter(documents=self.STATEMENTS, require=(self.PATTERN,), record="id")

    def test_they_stand_where_the_rule_says(self) -> None:
        body = b'{"command":"x = :s","params":{"id":"a","ssn":1},"ssn":2}'
        (value,) = self.bind().read_request(head(), {}, b"", body).values
        assert (value.lexeme, value.record) == (b"1", "a")
        (value,) = self.bind().read_response(answer(), {}, b'{"result":[{"ssn":3}]}').values
        assert (value.lexeme, value.record) == (b"3", None)

    @pytest.mark.parametrize("command", [b"\"x = '1'\"", b'"7"', b"7", b"1e400", b"null", b'["x"]'])
    def test_a_text_that_does_not_match_is_refused(self, command: bytes) -> None:
        with pytest.raises(RequirementFailed):
            self.bind().read_request(head(), {}, b"", b'{"command":%b}' % command)


class TestWholeBodies:
    TEXT = RequestHead(b"PUT", b"/customers/c1", samples.HOST, (TEXT,))

    def bind(self) -> Adapter:
        return adapter(fields=(samples.field("$"),), lookup_keys=(), record="id")

    def test_a_body_is_one_value_of_the_record_in_the_path(self) -> None:
        message = self.bind().read_request(self.TEXT, {"id": "c1"}, b"", b"a\xff")
        (value,) = message.values
        assert (value.lexeme, value.record, message.claims) == (rb'"a\udcff"', "c1", 0)
        assert message.finish([(value.place, b'"enc:1:x"')])[1] == b"enc:1:x"
        assert self.bind().read_request(self.TEXT, {"id": "c1"}, b"q=1", b"enc:1:x").claims == 1

    def test_one_of_another_format_is_refused_or_passes_without_a_value(self) -> None:
        for line in (JSON, (b"Content-Type", b"text/csv")):
            with pytest.raises(UnsupportedMedia):
                self.bind().read_request(replace(self.TEXT, headers=(line,)), {}, b"", b"{}")
        assert self.bind().read_response(answer(), {}, b'{"rev":3}').values == []


def test_an_event_stream_is_no_answer_that_could_be_opened() -> None:
    with pytest.raises(Endless):
        adapter().read_response(answer((b"Content-Type", b"text/event-stream")), {}, b"data: 1\n\n")


class TestDigitsInAnUnknownFormat:
    """They carry no mark, so an answer that cannot be searched might hand them out as values."""

    DIGITS = (samples.field("card", Mode.DIGITS),)

    @pytest.mark.parametrize("lines", [(TEXT,), (JSON, TEXT), ((b"X", b"1"),)])
    def test_are_not_handed_out(self, lines: Headers) -> None:
        with pytest.raises(UnreadableAnswer):
            adapter(fields=self.DIGITS).read_response(answer(*lines), {}, b"4929 6421 0075 8113")

    def test_nor_in_one_that_is_not_even_text(self) -> None:
        with pytest.raises(UnreadableAnswer):
            adapter(fields=self.DIGITS).read_response(answer(TEXT), {}, b"PK\x03\x04\xff")

    def test_an_error_or_what_is_too_short_is_no_export(self) -> None:
        bound = adapter(fields=self.DIGITS)
        assert bound.read_response(answer(TEXT), {}, b"201 OK").finish()[1] == b"201 OK"
        told = bound.read_response(answer(TEXT, status=500), {}, b"out of order")
        assert told.finish()[1] == b"out of order"
        assert bound.read_response(answer(TEXT), {}, b"").finish()[1] == b""
