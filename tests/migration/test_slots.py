# SPDX-License-Identifier: Apache-2.0
"""Requests with slots: filled, and never anything else than one request."""

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sidecar.errors import Malformed, Misconfigured
from sidecar.migration.slots import Slot, Template

ID = Slot("id")


def test_a_target_takes_texts_and_numbers_percent_encoded() -> None:
    template = Template("GET /c/{id}?page={page}", None)
    filled = template.fill({ID: '"a/b ü?"'.encode(), Slot("page"): b"12"})
    assert filled.target == b"/c/a%2Fb%20%C3%BC%3F?page=12"
    assert template.slots == template.target_slots == {ID, Slot("page")}


@given(st.text(st.characters(codec="utf-8")))
def test_no_id_leaves_its_segment(text: str) -> None:
    assume(text not in {".", ".."})
    target = Template("PUT /customers/{id}", None).fill({ID: msgspec.json.encode(text)}).target
    assert target.startswith(b"/customers/")
    assert not set(target.removeprefix(b"/customers/")) & set(b"/?#& \r\n")


@pytest.mark.parametrize("lexeme", [b'{"a":1}', b"[1]"])
def test_a_target_takes_no_object_or_list(lexeme: bytes) -> None:
    with pytest.raises(Malformed, match="no single value"):
        Template("GET /c/{id}", None).fill({ID: lexeme})


@pytest.mark.parametrize("lexeme", [b'"."', b'".."', b'"\\u002e."'])
def test_a_target_takes_no_dot_segment(lexeme: bytes) -> None:
    with pytest.raises(Malformed, match="lead elsewhere"):
        Template("GET /c/{id}", None).fill({ID: lexeme})


def test_null_is_an_empty_part_of_a_target() -> None:
    assert Template("GET /c?after={id}", None).fill({ID: b"null"}).target == b"/c?after="


def test_a_slot_in_a_body_becomes_the_value_itself_and_other_bytes_stay() -> None:
    body = '{"q": "SET x = :x {id}", "{id}" : 1, "p":{"id":"{id}", "was":"{stored id}","n":"{n}"}}'
    template = Template("POST /q", body)
    values = {ID: b'"\\u0041"', Slot("id", is_stored=True): b'"enc:1:x"', Slot("n"): b"1.10"}
    assert template.fill(values).body == (
        b'{"q": "SET x = :x {id}", "{id}" : 1, "p":{"id":"\\u0041", "was":"enc:1:x","n":1.10}}'
    )


def test_an_escaped_quote_does_not_begin_a_slot() -> None:
    assert not Template("POST /q", r'{"a": "\"{id}\""}').slots


@pytest.mark.parametrize("request_line", ["/c", "get /c", "GET c", "GET /c d", "GET  /c", ""])
def test_what_is_no_request_is_said_so(request_line: str) -> None:
    with pytest.raises(Misconfigured, match="expected a request"):
        Template(request_line, None)


def test_a_body_that_is_no_json_is_said_so() -> None:
    with pytest.raises(Misconfigured, match="not JSON"):
        Template("POST /q", '{"a": {id}}')


def test_a_filled_request_does_not_show_its_values() -> None:
    assert "CANARY" not in repr(Template("POST /q", '"{id}"').fill({ID: b'"CANARY"'}))
