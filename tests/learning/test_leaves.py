# SPDX-License-Identifier: Apache-2.0
"""Every value of a body and where it stands, in each format; nothing endless."""

import contextlib
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import Malformed
from sidecar.fieldpath import EACH
from sidecar.learning.leaves import MOST_ELEMENTS, MOST_LEAVES, leaves_of, query_parameters


def texts(media_type: str, body: bytes, coding: str = "") -> dict[object, str]:
    headers = [(b"Content-Type", media_type.encode())]
    headers += [(b"Content-Encoding", coding.encode())] if coding else []
    found = leaves_of(tuple(headers), body)
    assert found is not None
    return {leaf.place: leaf.text for leaf in found if leaf.text is not None}


@pytest.mark.parametrize("media_type", ["application/json", "application/hal+json"])
def test_json(media_type: str) -> None:
    body = b'{"a": {"b": ["x", {"c": 1}]}, "d": 1.10, "e": true, "f": null}'
    assert texts(media_type, body) == {
        ("a", "b", EACH): "x",
        ("a", "b", EACH, "c"): "1",
        ("d",): "1.10",
    }


def test_ndjson_form_and_csv() -> None:
    assert texts("application/x-ndjson", b'{"a":"x"}\n\n{"b":"y"}\n') == {("a",): "x", ("b",): "y"}
    form = b"email=a%40b.cd&tag=1&tag=2"
    assert texts("application/x-www-form-urlencoded", form) == {
        ("email",): "a@b.cd",
        ("tag", EACH): "2",
    }
    assert texts("text/csv", b'name,note\r\nAda,"x,y"\r\n') == {
        (EACH, "name"): "Ada",
        (EACH, "note"): "x,y",
    }


def test_xml_is_read_by_local_names() -> None:
    body = (
        b'<c:customer xmlns:c="urn:c" id="7"><c:ssn>a&amp;b</c:ssn><phones><phone>1</phone>'
        b"<phone>2</phone></phones></c:customer>"
    )
    assert texts("application/soap+xml", body) == {
        ("@id",): "7",
        ("ssn",): "a&b",
        ("phones", "phone", EACH): "1",
    }


def test_parts_of_a_form_and_the_json_in_them() -> None:
    parts = (
        b'name="email"\r\n\r\na@b.cd',
        b'name="meta"\r\nContent-Type: application/json\r\n\r\n{"ssn": "x"}',
        b'name="file"; filename="f.bin"\r\n\r\n\xff\xfe',
    )
    body = b"".join(b"--cut\r\nContent-Disposition: form-data; %b\r\n" % each for each in parts)
    assert texts("multipart/form-data; boundary=cut", body + b"--cut--\r\n") == {
        ("email",): "a@b.cd",
        ("meta", "ssn"): "x",
    }


def test_a_json_patch_brings_values_where_its_paths_lead() -> None:
    body = (
        b'[{"op":"replace","path":"/ssn","value":"x"},{"op":"remove","path":"/a"},'
        b'{"op":"add","path":"/cards/-","value":{"a~b":"y"}},'
        b'{"op":"add","path":"/c~1d/0","value":1}]'
    )
    assert texts("application/json-patch+json", body) == {
        ("ssn",): "x",
        ("cards", EACH, "a~b"): "y",
        ("c/d", EACH): "1",
    }


def test_compressed_bodies_are_read() -> None:
    assert texts("application/json", gzip.compress(b'{"a":"x"}'), "gzip") == {("a",): "x"}


@pytest.mark.parametrize(
    ("media_type", "coding"), [("image/png", ""), ("application/json", "rot13"), ("", "")]
)
def test_what_no_rule_could_read_is_left_alone(media_type: str, coding: str) -> None:
    lines = ((b"Content-Type", media_type.encode()), (b"Content-Encoding", coding.encode()))
    assert leaves_of(lines, b"{}") is None


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b'{"a":"\xff"}'),
        ("application/json", b"[" * 100_000 + b"]" * 100_000),
        ("application/x-www-form-urlencoded", b"a=%ff"),
        ("text/csv", b"\xff"),
        ("application/xml", b"<a>"),
        ("application/xml", b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'),
        ("application/xml", b"<a>\xff</a>"),
        ("application/json-patch+json", b"{}"),
        ("multipart/form-data; boundary=cut", b"--other"),
        ("multipart/form-data; boundary=cut", b"--cut\r\n\r\nno name\r\n--cut--\r\n"),
    ],
)
def test_what_cannot_be_read_is_malformed(media_type: str, body: bytes) -> None:
    with pytest.raises(Malformed):
        texts(media_type, body)


def test_a_long_body_is_sampled() -> None:
    flat = b"[" + b",".join(b'"x"' for _ in range(10_000)) + b"]"
    found = leaves_of(((b"Content-Type", b"application/json"),), flat)
    assert found is not None
    assert len(list(found)) == MOST_ELEMENTS
    wide = b"{" + b",".join(b'"a%d":"x"' % n for n in range(10_000)) + b"}"
    found = leaves_of(((b"Content-Type", b"application/json"),), wide)
    assert found is not None
    assert len(list(found)) == MOST_LEAVES


def test_a_number_of_any_length_is_taken() -> None:
    assert texts("application/json", b'{"a": 1%s, "b": 1e999}' % (b"0" * 90)) == {("b",): "1e999"}


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_form_in_parts_of_any_bytes_is_read_or_malformed(head: bytes, content: bytes) -> None:
    line = b'Content-Disposition: form-data; name="a"\r\n'
    body = b"--cut\r\n%b%b\r\n\r\n%b\r\n--cut--\r\n" % (line, head, content)
    with contextlib.suppress(Malformed):
        texts("multipart/form-data; boundary=cut", body)


@given(st.binary(max_size=60))
def test_a_query_is_read_or_left_out(query: bytes) -> None:
    assert all(isinstance(name, str) for name, _ in query_parameters(query))
