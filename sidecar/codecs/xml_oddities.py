# SPDX-License-Identifier: Apache-2.0
"""What readers of XML differ in, or are led astray by.

Document types are refused, and with them every entity but the five of XML itself: nothing grows,
nothing is fetched. So are processing instructions, XML 1.1 and other encodings than UTF-8. What
goes to a store has no names that look alike, no attribute named as an element or the other way
round (object mappers take one for the other), and no reference by which SOAP keeps a value
elsewhere (SOAP 1.1 section 5.4.1, SOAP 1.2 part 2 section 3.1.5).
"""

from sidecar.codecs.shape import Shape
from sidecar.errors import Malformed

_SOAP_REFERENCE = "http://www.w3.org/2003/05/soap-encoding ref"


def check_declaration(version: str, encoding: str | None, _standalone: int) -> None:
    """Malformed unless the declaration says XML 1.0, and UTF-8 if any encoding."""
    if version != "1.0" or (encoding or "utf-8").lower() != "utf-8":
        raise Malformed("the body is another XML than 1.0 in UTF-8")


def refuse_document_type(*_declaration: object) -> None:
    """Malformed, before anything of its declarations is read."""
    raise Malformed("the XML body has a document type")


def refuse_instruction(*_instruction: object) -> None:
    """Malformed."""
    raise Malformed("the XML body has a processing instruction")


def is_reference(name: str, value: str) -> bool:
    """Whether an attribute says that the value of its element stands elsewhere."""
    return name == _SOAP_REFERENCE or (name == "href" and value.startswith("#"))


def check_names[T](shape: Shape[T], names: dict[str, None]) -> int:
    """What `shape.check_names` does, for attributes and elements alike."""
    members = shape.members
    others = {name[1:] if name[0] == "@" else f"@{name}": None for name in names.keys() - members}
    if not members.keys().isdisjoint(others):
        raise Malformed("an attribute is named like the rule's element, or the other way round")
    return shape.check_names(names) + shape.check_names(others)
