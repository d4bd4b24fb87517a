# SPDX-License-Identifier: Apache-2.0
"""XML: an element a record, a list of them in one that holds them."""

from xml.etree import ElementTree as ET

from tests.formats.format import Format, Record

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class Xml(Format):
    name = "XML"
    content_type = b"application/xml"
    unreadable = b"<customer><id>c1</id><ssn>1</ssn><ssn>2</ssn></customer>"

    def write(self, *records: Record) -> bytes:
        elements = [_element(record) for record in records]
        root = elements[0]
        if len(elements) > 1:
            root = ET.Element("customers")
            root.extend(elements)
        return ET.tostring(root, encoding="utf-8", xml_declaration=True)

    def read(self, body: bytes) -> list[Record]:
        root = ET.fromstring(body)
        elements = list(root) if root.tag == "customers" else [root]
        return [
            {child.tag: None if child.get(NIL) == "true" else child.text or "" for child in element}
            for element in elements
        ]


def _element(record: Record) -> ET.Element:
    element = ET.Element("customer")
    for name, value in record.items():
        child = ET.SubElement(element, name)
        child.text = value
        if value is None:
            child.set(NIL, "true")
    return element


FORMAT = Xml()
