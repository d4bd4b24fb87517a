# SPDX-License-Identifier: Apache-2.0
"""Values of bodies, queries and heads are found, and put back into one message."""

import pytest

from sidecar.backends import (
    Adapter,
    NotSearchable,
    UnreadableAnswer,
)
from sidecar.errors import Malformed
from sidecar.rules import Place
from tests.backends.rig import JSON, TEXT, adapter, answer, head
from tests.rules import samples


def test_values_of_body_and_query_are_found_and_put_back() -> None:
    target = b"/customers/c1?email=x&page=2"
    body = b'{"ssn" : "1", "email":"a", "n":1.10}'
    message = adapter().read_request(head(target=target), {}, b"email=x&page=2", body)
    assert [value.lexeme for value in message.values] == [b'"1"', b'"a"', b'"x"']
    repaired, changed = message.finish([(value.place, b'"new"') for value in message.values])
    assert repaired.target == b"/customers/c1?email=new&page=2"
    assert changed == b'{"ssn":"new","email":"new","n":1.10}'


def test_a_message_prints_no_value() -> None:
    body = b'{"ssn":"CANARY"}'
    request = adapter().read_request(head(), {}, b"", body)
    response = adapter().read_response(answer(), {}, body)
    assert (repr(request), repr(response)) == ("<request with 1 values>", "<answer with 1 values>")


def test_a_request_without_a_body_is_searched_in_its_query_alone() -> None:
    message = adapter().read_request(head(TEXT), {}, b"", b"")
    assert (message.values, message.finish()[1]) == ([], b"")
    with pytest.raises(NotSearchable):
        adapter().read_request(head(), {}, b"ssn=1", b"")


class TestAnswers:
    def test_what_cannot_be_searched_is_refused(self) -> None:
        with pytest.raises(UnreadableAnswer):
            adapter().read_response(answer(status=206), {}, b"{}")
        for body in (b"{", b'{"ssn":1,"ssn":2}', b'{"ssn":"\xff"}'):
            with pytest.raises(UnreadableAnswer) as caught:
                adapter().read_response(answer(), {}, body)
            assert not isinstance(caught.value, Malformed)

    @pytest.mark.parametrize("body", [b"true", b'"OK"', b"7", b"[1]"])
    def test_a_scalar_is_an_answer_without_a_document(self, body: bytes) -> None:
        message = adapter().read_response(answer(), {}, body)
        assert (message.values, [*message.misfits]) == ([], [])
        assert message.finish() == (answer(JSON), body)

    def test_a_value_on_the_way_to_a_field_is_told(self) -> None:
        bound = adapter(fields=(samples.field("cards[*].no"),), lookup_keys=())
        message = bound.read_response(answer(), {}, b'{"cards":[{"no":1},"x"]}')
        assert [*message.misfits] == ["cards[*]"]
        assert len(message.values) == 1

    def test_another_format_passes_as_it_is(self) -> None:
        message = adapter().read_response(answer(TEXT), {}, b"ssn\n1")
        assert (message.values, message.claims, message.finish()[1]) == ([], 0, b"ssn\n1")


class TestHeadsAlone:
    """A rule without fields in bodies does not read them."""

    def bind(self) -> Adapter:
        return adapter(fields=(), outside=(samples.field("x-phone", place=Place.HEADER),))

    def test_bodies_pass_in_any_format(self) -> None:
        line = (b"X-Phone", b"1")
        message = self.bind().read_request(head(TEXT, line), {}, b"", b"{")
        assert [value.lexeme for value in message.values] == [b'"1"']
        told = self.bind().read_response(answer(TEXT, line), {}, b"{")
        assert [value.lexeme for value in told.values] == [b'"1"']
        assert message.finish([(message.values[0].place, b'"enc:1:x"')]) == (
            head(TEXT, (b"X-Phone", b"enc:1:x"), (b"Accept-Encoding", b"identity")), b"{",
        )  # fmt: skip

    def test_envelopes_in_them_and_beside_them_are_counted(self) -> None:
        envelope = b"enc:1:" + b"A" * 38
        told = self.bind().read_response(answer((b"X-Fax", envelope)), {}, b"a " + envelope)
        assert told.claims == 2
