# SPDX-License-Identifier: Apache-2.0
"""Formats that spell a document in their own way, as the JSON value that rules see in them.

XML elements are members by their local names and attributes by `@name`; parts of a form are members
by their names; whatever stands twice is a list. Malformed where nothing can be read.
"""

from email import message_from_bytes
from xml.parsers import expat

import msgspec

from sidecar.codecs.xml_oddities import refuse_document_type
from sidecar.errors import Malformed

type Members = dict[str, list[object]]


class _Xml:
    """The open elements of one document, each by its members and the pieces of its text."""

    def __init__(self, body: bytes) -> None:
        self._open: list[tuple[Members, list[str]]] = [({}, [])]
        parser = expat.ParserCreate("UTF-8", " ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = refuse_document_type
        parser.Parse(body, True)  # noqa: FBT003 - "isfinal", by position only

    @property
    def root(self) -> object:
        ((found,),) = self._open[0][0].values()
        return found

    def _start(self, _name: str, attributes: dict[str, str]) -> None:
        members: Members = {f"@{_local(name)}": [value] for name, value in attributes.items()}
        self._open.append((members, []))

    def _text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def _end(self, name: str) -> None:
        members, texts = self._open.pop()
        value: object = _plain(members) if members else "".join(texts)
        self._open[-1][0].setdefault(_local(name), []).append(value)


def xml_document(body: bytes) -> object:
    """The root element of an XML document; one with a document type is not read."""
    try:
        return _Xml(body).root
    except expat.ExpatError:
        raise Malformed("the body is not one well-formed XML document") from None


def form_in_parts(body: bytes, content_type: bytes) -> object:
    """The members of a form in parts; those that say they are JSON are read as such."""
    head = b"Content-Type: %b\r\n\r\n" % content_type
    members: Members = {}
    message = message_from_bytes(head + body)
    for part in [each for each in message.walk() if each is not message]:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise Malformed("a part of the body is not a field of a form")
        is_json = part.get_content_type().endswith(("/json", "+json"))
        members.setdefault(name, []).append(_json(content) if is_json else _text(content))
    if not members:
        raise Malformed("the body has no parts")
    return _plain(members)


def _json(content: bytes) -> object:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("a part of the body is not the JSON that it says it is") from None


def _text(content: bytes) -> object:
    """A text, or nothing where a part is a file of bytes."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _plain(members: Members) -> dict[str, object]:
    return {name: each[0] if len(each) == 1 else each for name, each in members.items()}


def _local(name: str) -> str:
    """The name without its namespace, which expat puts in front."""
    return name.rpartition(" ")[2]
