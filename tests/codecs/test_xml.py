# SPDX-License-Identifier: Apache-2.0
"""XML is read in one way or not at all, and what nobody designated stays byte for byte."""

import gc
import weakref
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.codecs import Reading, Shape, build_shape
from sidecar.codecs.json import MAX_DEPTH
from sidecar.codecs.places import MAX_PLACES
from sidecar.codecs.xml import CODEC, MAX_NODES
from sidecar.errors import CannotOpen, Malformed, TooLarge
from sidecar.fieldpath import FieldPath

XSI = b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def shape(*paths: str, documents: tuple[str, ...] = ("$", "$[*]"), wary: bool = True) -> Shape[str]:
    return build_shape(
        [FieldPath.parse(start) for start in documents],
        [(FieldPath.parse(path), path) for path in paths],
        wary=wary,
    )


def read(body: bytes, *paths: str) -> Reading[str]:
    return CODEC.read(body, shape(*(paths or ("ssn", "cards[*].no", "['@key']"))))


def replace_all(reading: Reading[str], lexeme: bytes = b'"new"') -> bytes:
    return reading.render([(site, lexeme) for site in reading.sites])


def lexemes(reading: Reading[str]) -> list[bytes]:
    return [site.lexeme for site in reading.sites]


@pytest.mark.parametrize(
    ("body", "found", "replaced"),
    [
        (b"<c><ssn>1</ssn></c>", [b'"1"'], b"<c><ssn>new</ssn></c>"),
        (b"<c><ssn/></c>", [b'""'], b"<c><ssn>new</ssn></c>"),
        (b"<c><ssn a='/>' /></c>", [b'""'], b"<c><ssn a='/>' >new</ssn></c>"),
        (b"<c>\n <ssn > 1 </ssn\n></c>\n", [b'" 1 "'], b"<c>\n <ssn >new</ssn\n></c>\n"),
        (b"<c><ssn>&lt;&#x41;&#66;</ssn></c>", [b'"<AB"'], b"<c><ssn>new</ssn></c>"),
        (b"<c><ssn>a<![CDATA[<b>]]>c</ssn></c>", [b'"a<b>c"'], b"<c><ssn>new</ssn></c>"),
        (b"<c><ssn>a\r\nb&#13;</ssn></c>", [rb'"a\nb\r"'], b"<c><ssn>new</ssn></c>"),
        (b'<c key="a&quot;\'"/>', [b'"a\\"\'"'], b'<c key="new"/>'),
        (b"<c n = '1'\n key = '\"x'/>", [b'"\\"x"'], b"<c n = '1'\n key = 'new'/>"),
        ("<c><ssn>é😀</ssn></c>".encode(), ['"é😀"'.encode()], b"<c><ssn>new</ssn></c>"),
        (b"<!-- a --><c><!-- b --><ssn>1</ssn></c>", [b'"1"'],
         b"<!-- a --><c><!-- b --><ssn>new</ssn></c>"),
        (b'<p:c xmlns:p="u"><p:ssn>1</p:ssn></p:c>', [b'"1"'],
         b'<p:c xmlns:p="u"><p:ssn>new</p:ssn></p:c>'),
        (b'<c xmlns:p="u"><ssn xmlns="v" p:a="1">1</ssn></c>', [b'"1"'],
         b'<c xmlns:p="u"><ssn xmlns="v" p:a="1">new</ssn></c>'),
        (b'<c xmlns:p="u" p:key="1" b="2"/>', [b'"1"'], b'<c xmlns:p="u" p:key="new" b="2"/>'),
        (b"<c><cards><no>1</no></cards><x/><cards><no>2</no><m>3</m></cards></c>",
         [b'"1"', b'"2"'],
         b"<c><cards><no>new</no></cards><x/><cards><no>new</no><m>3</m></cards></c>"),
        (b"<all><c><ssn>1</ssn></c><c><ssn>2</ssn></c><n>3</n></all>", [b'"1"', b'"2"'],
         b"<all><c><ssn>new</ssn></c><c><ssn>new</ssn></c><n>3</n></all>"),
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?><c><ssn>1</ssn></c>",
         [b'"1"'],
         b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?><c><ssn>new</ssn></c>"),
        (b"<c><n> <ssn2>1</ssn2> text</n></c>", [], b"<c><n> <ssn2>1</ssn2> text</n></c>"),
    ],
)  # fmt: skip
def test_values_are_found_and_replaced_where_they_stand(
    body: bytes, found: list[bytes], replaced: bytes
) -> None:
    reading = read(body)
    assert reading.misfits == []
    assert lexemes(reading) == found
    assert reading.render() is body
    assert replace_all(reading) == replaced


SOAP = b"""<?xml version='1.0' encoding='utf-8'?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
  <soap:Header><trace id="7"/></soap:Header>
  <soap:Body>
    <m:CreateCustomer xmlns:m="urn:crm"><m:ssn>078</m:ssn><m:name>Ada &amp; Co</m:name>
    </m:CreateCustomer>
  </soap:Body>
</soap:Envelope>
"""


def test_a_soap_message_keeps_all_but_the_field() -> None:
    reading = CODEC.read(SOAP, shape("ssn", documents=("$.Body.CreateCustomer",)))
    assert [(site.lexeme, site.document) for site in reading.sites] == [(b'"078"', 0)]
    assert replace_all(reading) == SOAP.replace(b"078", b"new")


def test_documents_are_numbered_and_what_stands_outside_has_none() -> None:
    where = build_shape(
        [FieldPath.parse("$.row[*]")],
        [(FieldPath.parse("ssn"), "ssn")],
        [(FieldPath.parse("$.command"), "command")],
    )
    body = b"<r><command>x</command><row><ssn>1</ssn></row><row/><row><ssn>2</ssn></row></r>"
    reading = CODEC.read(body, where)
    assert [(site.tag, site.document) for site in reading.sites] == [
        ("command", -1), ("ssn", 0), ("ssn", 2),
    ]  # fmt: skip
    assert reading.documents == 3


TEXTS = st.text(
    st.sampled_from("ab <>&\"'\t\n\ré😀]]>") | st.characters(exclude_categories=["Cs", "Cc", "Cn"])
).filter(lambda text: not text.startswith("\ufffe"))


@given(text=TEXTS, value=TEXTS)
def test_a_text_comes_back_as_it_went_in_by_another_parser_too(text: str, value: str) -> None:
    root = ET.Element("c", {"key": value})
    ET.SubElement(root, "ssn").text = text
    body = ET.tostring(root, encoding="utf-8").replace(b"\r", b"&#13;")
    reading = read(body)
    assert len(reading.sites) == 2
    rendered = reading.render([(site, site.lexeme) for site in reading.sites])
    again = ET.fromstring(rendered)
    assert again.get("key") == ET.fromstring(body).get("key")
    assert again.findtext("ssn") == ET.fromstring(body).findtext("ssn")
    assert lexemes(read(rendered)) == lexemes(read(body))


TAGS = st.sampled_from(
    [b"<c>", b"</c>", b"<ssn>", b"</ssn>", b"<ssn/>", b"<cards>", b"</cards>", b"<no k='1'>",
     b"</no>", b"text", b" ", b"<!-- x -->", b"&amp;", b"&#13;", b"<![CDATA[]]>", b"<?p?>",
     b"<!DOCTYPE c>", b"\xff", b"<c key='1' key2=\"2\">", b"<p:c>", b"\0", b"enc:1:x", b"]]>", b"<"]
)  # fmt: skip


@given(parts=st.lists(TAGS, max_size=12), is_wary=st.booleans())
def test_nothing_is_raised_but_what_is_told(parts: list[bytes], is_wary: bool) -> None:  # noqa: FBT001
    body = b"<c>" + b"".join(parts) + b"</c>"
    where = shape("ssn", "cards[*].no", "['@key']", wary=is_wary)
    try:
        reading = CODEC.read(body, where)
    except Malformed:
        return
    assert ET.fromstring(body) is not None
    assert reading.render() is body
    edits = [(site, site.lexeme) for site in reading.sites if site.container is not None]
    assert lexemes(CODEC.read(reading.render(edits), where)) == lexemes(reading)


WELL_FORMED = st.recursive(
    st.sampled_from(
        [b"<a/>", b"<a x = '1' >t</a>", b"<!--c-->", b"<b>&lt;</b>", b" \n", b"<d\t/>"]
    ),
    lambda inner: st.lists(inner, max_size=3).map(
        lambda parts: b"<e k='&amp;'>" + b"".join(parts) + b"</e >"
    ),
    max_leaves=8,
)


@given(before=WELL_FORMED, after=WELL_FORMED)
def test_every_byte_beside_the_field_stays(before: bytes, after: bytes) -> None:
    body = b"<c>%b<ssn>1</ssn>%b</c>" % (before, after)
    reading = read(body, "ssn")
    assert replace_all(reading) == body.replace(b"<ssn>1</ssn>", b"<ssn>new</ssn>")


LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%b">' % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(9)
)


@pytest.mark.parametrize(
    "body",
    [
        LAUGHS + b"]><c><ssn>&j;</ssn></c>",
        b'<!DOCTYPE c [<!ENTITY a "%b">]><c>%b</c>' % (b"a" * 100_000, b"&a;" * 10_000),
        b"<!DOCTYPE c [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><c><ssn>&x;</ssn></c>",
        b"<!DOCTYPE c SYSTEM 'http://example.invalid/c.dtd'><c><ssn>1</ssn></c>",
        b"<!DOCTYPE c PUBLIC '-//x' 'x'><c/>",
        b"<!DOCTYPE c><c/>",
        b"<!DOCTYPE c [<!ATTLIST c ssn CDATA 'x'>]><c/>",
        b"<!DOCTYPE c [<!ENTITY % p SYSTEM 'http://example.invalid/'> %p;]><c/>",
    ],
)
def test_a_document_type_is_refused_before_it_is_read(body: bytes) -> None:
    with pytest.raises(Malformed, match="document type"):
        read(body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "well-formed"),
        (b"{}", "well-formed"),
        (b"<c><ssn>1</c>", "well-formed"),
        (b"<c>&nbsp;</c>", "well-formed"),
        ("<c><s\u017fn>1</s\u017fn></c>".encode(), "well-formed"),
        (b"<c/><c/>", "well-formed"),
        (b"<c key='1' key='2'/>", "well-formed"),
        (b"<c><p:ssn/></c>", "well-formed"),
        (b"<c key=1/>", "well-formed"),
        (b"<c>\x01</c>", "well-formed"),
        (b"<c>&#0;</c>", "well-formed"),
        (b" <?xml version='1.0'?><c/>", "well-formed"),
        (b"<?xml version='1.1'?><c/>", "1.0 in UTF-8"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><c/>", "1.0 in UTF-8"),
        (b"<?xml version='1.0' encoding='UTF-7'?><c/>", "1.0 in UTF-8"),
        ("<c/>".encode("utf-16"), "UTF-8"),
        ("<c/>".encode("utf-16-le"), "UTF-8"),
        ("<c/>".encode("utf-32-be"), "UTF-8"),
        (b"<c>\xe9</c>", "not UTF-8 at byte 3"),
        (b"<c>\xed\xa0\x80</c>", "not UTF-8"),
        (b"<?xml-stylesheet href='x'?><c/>", "processing instruction"),
        (b"<c><ssn><?x?>1</ssn></c>", "processing instruction"),
        (b"<c><ssn>07<!-- x -->8</ssn></c>", "a comment"),
        (b"<c><cards>text<no>1</no></cards></c>", "beside elements"),
        (b"<c><cards><no>1</no>text</cards></c>", "beside elements"),
        (b"<c><ssn>1</ssn><ssn>2</ssn></c>", r"'ssn' stands twice"),
        (b'<c xmlns:p="u"><ssn>1</ssn><p:ssn>2</p:ssn></c>', r"'ssn' stands twice"),
        (b"<c><cards><no>1</no><no>2</no></cards></c>", r"'cards\[\*\].no' stands twice"),
        (b'<c xmlns:p="u" key="1" p:key="2"/>', "in two namespaces"),
        (b"<a>" * (MAX_DEPTH + 1), "deeper"),
    ],
)
def test_what_can_be_read_in_two_ways_or_none_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        read(body)


def test_answers_may_have_what_was_written_deeper() -> None:
    body = b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH
    assert read(body).render() is body
    answer = b"<list>%b</list>" % body
    assert CODEC.read(answer, shape("ssn", wary=False)).render() is answer


@pytest.mark.parametrize(
    "body",
    [
        b"<c><SSN>1</SSN></c>", b"<c><s_s_n>1</s_s_n></c>",
        b"<c><cards.no>1</cards.no></c>", b"<c><Cards><no>1</no></Cards></c>",
        b"<c ssn='1'/>", b"<c SSN='1'/>", b"<c><key>1</key></c>", b"<c><Key>1</Key></c>",
        b"<c><cards no='1'/></c>", b"<all><c SSN='1'/></all>", b'<c xmlns:p="u" p:ssn="1"/>',
    ],
)  # fmt: skip
def test_a_name_that_a_store_may_take_for_a_field_is_refused_in_requests(body: bytes) -> None:
    with pytest.raises(Malformed, match=r"spelling|attribute"):
        read(body)
    answer = CODEC.read(body, shape("ssn", "cards[*].no", "['@key']", wary=False))
    assert answer.sites == []


@pytest.mark.parametrize(
    "body",
    [
        b"<c><ssn href='#1'/><multi id='1'>078</multi></c>",
        b"<c href='#1'/>",
        b"<c><cards xmlns:e='http://www.w3.org/2003/05/soap-encoding' e:ref='x'/></c>",
    ],
)
def test_a_value_that_stands_elsewhere_is_refused_in_requests(body: bytes) -> None:
    with pytest.raises(Malformed, match="refers to another"):
        read(body)


def test_a_link_is_no_reference() -> None:
    assert lexemes(read(b"<c href='/customers/1'><ssn>1</ssn></c>")) == [b'"1"']


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"<c><ssn><a/></ssn></c>", "ssn"),
        (b"<c><ssn>1<b>2</b></ssn></c>", "ssn"),
        (b"<c><cards>text</cards></c>", "cards[*]"),
        (b"<c>text</c>", ""),
    ],
)
def test_a_value_through_which_no_way_leads_is_a_misfit(body: bytes, path: str) -> None:
    reading = read(body)
    assert ([misfit.path for misfit in reading.misfits], reading.sites) == ([path], [])


def test_an_attribute_that_should_have_members_is_a_misfit() -> None:
    assert [m.path for m in read(b"<c a='1'/>", "['@a'].b").misfits] == ["@a"]


@pytest.mark.parametrize(
    "body", [b"<c/>", b"<c> \n</c>", b"<c><cards/></c>", b"<c><cards> </cards></c>"]
)
def test_what_is_absent_is_no_misfit(body: bytes) -> None:
    reading = read(body)
    assert (reading.misfits, reading.sites) == ([], [])


class TestNil:
    @pytest.mark.parametrize("word", [b"true", b"1", b" true "])
    def test_is_null(self, word: bytes) -> None:
        body = b"<c %b><ssn xsi:nil='%b'/></c>" % (XSI, word)
        reading = read(body)
        assert lexemes(reading) == [b"null"]
        with pytest.raises(Malformed, match="nil"):
            replace_all(reading)

    def test_with_a_text_says_two_things(self) -> None:
        with pytest.raises(Malformed, match="nil"):
            read(b"<c %b><ssn xsi:nil='true'>1</ssn></c>" % XSI)

    @pytest.mark.parametrize("attribute", [b"xsi:nil='false'", b"nil='true'"])
    def test_is_only_what_says_so(self, attribute: bytes) -> None:
        assert lexemes(read(b"<c %b><ssn %b>1</ssn></c>" % (XSI, attribute))) == [b'"1"']


@pytest.mark.parametrize(
    ("lexeme", "text"),
    [(b"1.10", b"1.10"), (b"true", b"true"), (b"null", b""), (b'{"a":"<"}', b'{"a":"&lt;"}')],
)
def test_what_was_sealed_as_no_text_is_spelled_as_json_has_it(lexeme: bytes, text: bytes) -> None:
    assert replace_all(read(b"<c><ssn>x</ssn></c>"), lexeme) == b"<c><ssn>%b</ssn></c>" % text


@pytest.mark.parametrize("lexeme", [rb'"\u0000"', rb'"\u001b"', rb'"\uffff"'])
def test_what_xml_cannot_carry_does_not_open(lexeme: bytes) -> None:
    with pytest.raises(CannotOpen):
        replace_all(read(b"<c><ssn>x</ssn></c>"), lexeme)


@pytest.mark.parametrize(
    ("body", "claims"),
    [
        (b"<c><ssn>enc:1:x</ssn><n>enc:12:y</n></c>", 2),
        (b"<c><n> \n enc:1:x</n></c>", 1),
        (b"<c><n>&#101;n<![CDATA[c:]]>1:x</n></c>", 1),
        (b"<c><n><b/>enc:1:x<b/></n></c>", 1),
        (b"<c><n a='enc:1:x'/></c>", 1),
        (b"<c><n a='&#101;nc:1:x'/><ssn>say enc:1:x</ssn></c>", 1),
        (b"<c><n>enc:x</n></c>", 0),
    ],
)
def test_texts_that_claim_to_be_envelopes_are_counted(body: bytes, claims: int) -> None:
    assert read(body).claims == claims


class TestBounds:
    def test_values_are_bounded(self) -> None:
        many = b"<c>" + b"<cards><no>1</no></cards>" * (MAX_PLACES + 1) + b"</c>"
        with pytest.raises(TooLarge):
            read(many)

    @pytest.mark.parametrize("node", [b"<a/>", b"<a b='1'/>"])
    def test_elements_and_attributes_are_bounded(self, node: bytes) -> None:
        each = 1 + node.count(b"=")
        with pytest.raises(TooLarge):
            read(b"<c>" + node * (MAX_NODES // each) + b"</c>")
        assert read(b"<c>" + node * (MAX_NODES // each // 2) + b"</c>").sites == []

    def test_one_long_token_is_read_once(self) -> None:
        long = b"a" * 2_000_000
        assert read(b"<c n='%b'><!--%b--><m>%b</m></c>" % (long, long, long)).sites == []


def test_a_reading_ends_with_its_message() -> None:
    gc.disable()
    try:
        reading = weakref.ref(read(b"<c><ssn>1</ssn></c>"))
        assert reading() is None
    finally:
        gc.enable()
