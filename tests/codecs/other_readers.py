# SPDX-License-Identifier: Apache-2.0
"""What other readers find at the places `ssn`, `cards[*].no` and `address.zip` of a body.

Strict ones and careless ones, first of a name and last of a name; a store may have any of them.
"""

import csv
import email
import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

from werkzeug.formparser import parse_form_data

BOUNDARY = 'multipart/form-data; boundary="b"'

type Found = Iterator[object]


def in_tree(tree: Any) -> Found:
    for each in tree if isinstance(tree, list) else [tree]:
        if isinstance(each, dict):
            cards, address = each.get("cards"), each.get("address")
            yield each.get("ssn")
            yield [card.get("no") for card in cards or () if isinstance(card, dict)]
            yield address.get("zip") if isinstance(address, dict) else None


def first_of_a_name(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(reversed(pairs))


def json_of_python(body: bytes) -> Found:
    return in_tree(json.loads(body))


def json_with_the_first_of_a_name(body: bytes) -> Found:
    return in_tree(json.loads(body, object_pairs_hook=first_of_a_name))


def json_up_to_its_end(body: bytes) -> Found:
    text = body.decode("utf-8-sig", "replace").lstrip()
    return in_tree(json.JSONDecoder(strict=False).raw_decode(text)[0])


def form_of_python(body: bytes) -> Found:
    yield parse_qs(body.decode("latin-1"), keep_blank_values=True).get("ssn")


def form_in_a_url(body: bytes) -> Found:
    yield parse_qs(body.decode("utf-8-sig", "replace").lstrip("?")).get("ssn")


def _werkzeug(body: bytes, content_type: str) -> Found:
    environ = {
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": content_type,
        "REQUEST_METHOD": "POST",
    }
    _, form, files = parse_form_data(environ, stream_factory=lambda *_, **__: io.BytesIO())
    yield form.getlist("ssn")
    yield [file.read() for file in files.getlist("ssn")]


def form_of_werkzeug(body: bytes) -> Found:
    return _werkzeug(body, "application/x-www-form-urlencoded")


def parts_of_werkzeug(body: bytes) -> Found:
    return _werkzeug(body, BOUNDARY)


def parts_of_mail(body: bytes) -> Found:
    message = email.message_from_bytes(f"Content-Type: {BOUNDARY}\r\n\r\n".encode() + body)
    for part in message.get_payload() if message.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "ssn":  # type: ignore[union-attr]
            yield part.get_payload(decode=True)  # type: ignore[union-attr]


def parts_wherever_an_empty_line_is(body: bytes) -> Found:
    for part in body.split(b"--b"):  # as Django and others do: what stands in front is one too
        head, _, content = part.partition(b"\r\n\r\n")
        if b'name="ssn"' in head:
            yield content


def _column(rows: Iterator[list[str]]) -> Found:
    names = next(rows)
    for row in rows:
        yield [cell for name, cell in zip(names, row, strict=False) if name.strip() == "ssn"]


def table_of_python(body: bytes) -> Found:
    return _column(csv.reader(io.StringIO(body.decode(), newline="")))


def table_with_escapes(body: bytes) -> Found:
    return _column(csv.reader(io.StringIO(body.decode(), newline=""), escapechar="\\"))


def table_of_a_spreadsheet(body: bytes) -> Found:
    text = body.decode("utf-8-sig")
    delimiter = text[4] if text.startswith("sep=") else ","
    rest = text.partition("\n")[2] if text.startswith("sep=") else text
    return _column(csv.reader(io.StringIO(rest), delimiter=delimiter, skipinitialspace=True))


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def xml_of_python(body: bytes) -> Found:
    for child in ET.fromstring(body):
        inner = {"ssn": None, "cards": "no", "address": "zip"}
        name = _local(child.tag)
        if name == "ssn":
            yield "".join(child.itertext())
        elif name in inner:
            yield ["".join(x.itertext()) for x in child if _local(x.tag) == inner[name]]


READERS: dict[str, list[Callable[[bytes], Found]]] = {
    "application/json": [json_of_python, json_with_the_first_of_a_name, json_up_to_its_end],
    "application/x-www-form-urlencoded": [form_of_python, form_in_a_url, form_of_werkzeug],
    "multipart/form-data": [parts_of_werkzeug, parts_of_mail, parts_wherever_an_empty_line_is],
    "text/csv": [table_of_python, table_with_escapes, table_of_a_spreadsheet],
    "application/xml": [xml_of_python],
}
