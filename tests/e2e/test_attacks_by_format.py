# SPDX-License-Identifier: Apache-2.0
"""Attacks that some formats alone allow: what is sent holds a canary, what the store gets does not.

As in `test_attacks`, a raw client sends each through the real proxy to an origin that keeps every
byte.
"""

import pytest

from tests.e2e.test_attacks import CANARY, SPELLINGS, Proxy, every_answer, proxy, sent
from tests.fixtures.origin import Origin

__all__ = ["proxy"]

XML = b"Content-Type: application/xml"
SOAP = b"Content-Type: application/soap+xml; charset=utf-8"
PATCH = b"Content-Type: application/json-patch+json"
MERGE = b"Content-Type: application/merge-patch+json"
ENCODING = "http://www.w3.org/2003/05/soap-encoding"


def xml(text: str, *lines: bytes) -> bytes:
    body = text.replace("@", CANARY.decode()).encode()
    return sent(b"/customers/c1", body, *(lines or (XML,)), method=b"PUT")


def patch(text: str, *lines: bytes) -> bytes:
    body = text.replace("@", CANARY.decode()).encode()
    return sent(b"/customers/c1", body, *(lines or (PATCH,)), method=b"PATCH")


def parts(text: str, parameters: bytes) -> bytes:
    body = text.replace("\n", "\r\n").replace("@", CANARY.decode()).encode()
    return sent(b"/customers", body, b"Content-Type: multipart/form-data; " + parameters)


def table(text: str) -> bytes:
    return sent(
        b"/customers", text.replace("@", CANARY.decode()).encode(), b"Content-Type: text/csv"
    )


EDITS = b'[{"op":"replace","path":"/ssn","value":"%b"}]' % CANARY
PART = "--b\nContent-Disposition: form-data; name=%s\n\n%s\n--b--\n"
INNER = "1\n--c\nContent-Disposition: form-data; name=ssn\n\n@\n--c--"
NESTED = PART % ("x", INNER)

ATTACKS = {
    # XML.
    "an element": xml("<c><ssn>@</ssn></c>"),
    "an element in a list": xml("<all><c><id>c1</id><ssn>@</ssn></c></all>"),
    "an element with a prefix": xml('<p:c xmlns:p="u"><p:ssn>@</p:ssn></p:c>'),
    "an element in another namespace": xml('<c><ssn xmlns="urn:x">@</ssn></c>'),
    "two elements in two namespaces": xml('<c><ssn>1</ssn><p:ssn xmlns:p="u">@</p:ssn></c>'),
    "a prefix that nobody declared": xml("<c><p:ssn>@</p:ssn></c>"),
    "another case": xml("<c><SSN>@</SSN></c>"),
    "a way in one name": xml("<c><person.tax>@</person.tax></c>"),
    "a repeated element": xml("<c><ssn>1</ssn><ssn>@</ssn></c>"),
    "a repeated way": xml("<c><person/><person><tax>@</tax></person></c>"),
    "an attribute": xml('<c ssn="@"/>'),
    "an attribute on the way": xml('<c><person tax="@"/></c>'),
    "an attribute with a prefix": xml('<c xmlns:p="u" p:ssn="@"/>'),
    "marked text": xml("<c><ssn><![CDATA[@]]></ssn></c>"),
    "marked text behind text": xml("<c><ssn>0<![CDATA[@]]></ssn></c>"),
    "a comment in the value": xml("<c><ssn><!-- -->@</ssn></c>"),
    "a comment beside the value": xml("<c><ssn><!--@-->1</ssn></c>"),
    "an instruction": xml("<c><?ssn @?></c>"),
    "text on the way": xml("<c><person>@</person></c>"),
    "text beside the field": xml("<c><person>@<tax>1</tax></person></c>"),
    "an element in the value": xml("<c><ssn><b>@</b></ssn></c>"),
    "an entity": xml('<!DOCTYPE c [<!ENTITY e "@">]><c><ssn>&e;</ssn></c>'),
    "an entity of another file": xml("<!DOCTYPE c SYSTEM 'http://x/@'><c><ssn>&e;</ssn></c>"),
    "an attribute by default": xml('<!DOCTYPE c [<!ATTLIST c ssn CDATA "@">]><c/>'),
    "nil with a text": xml(
        "<c xmlns:x='http://www.w3.org/2001/XMLSchema-instance'><ssn x:nil='true'>@</ssn></c>"
    ),
    "a value by reference": xml("<c><ssn href='#1'/><v id='1'>@</v></c>", SOAP),
    "a value by reference in SOAP 1.2": xml(
        f"<c xmlns:e='{ENCODING}'><ssn e:ref='v'/><v e:id='v'>@</v></c>", SOAP
    ),
    "UTF-16": sent(
        b"/customers/c1",
        f"<c><ssn>{CANARY.decode()}</ssn></c>".encode("utf-16"),
        XML,
        method=b"PUT",
    ),
    "another encoding": xml("<?xml version='1.0' encoding='utf-7'?><c><ssn>@</ssn></c>"),
    "another version": xml("<?xml version='1.1'?><c><ssn>@</ssn></c>"),
    "XML as JSON": xml("<c><ssn>@</ssn></c>", b"Content-Type: application/json"),
    "XML as a page": xml("<c><ssn>@</ssn></c>", b"Content-Type: text/html"),
    "a patch of XML": xml(
        "<diff><replace sel='c/ssn'>@</replace></diff>", b"Content-Type: application/xml-patch+xml"
    ),
    # JSON Patch.
    "an operation": patch('[{"op":"replace","path":"/ssn","value":"@"}]'),
    "an operation on what holds it": patch('[{"op":"add","path":"/person","value":{"tax":"@"}}]'),
    "an operation on all": patch('[{"op":"replace","path":"","value":{"ssn":"@"}}]'),
    "an operation inside": patch('[{"op":"add","path":"/ssn/0","value":"@"}]'),
    "a test": patch('[{"op":"test","path":"/ssn","value":"@"}]'),
    "a pointer in another case": patch('[{"op":"add","path":"/SSN","value":"@"}]'),
    "a pointer without a slash": patch('[{"op":"add","path":"ssn","value":"@"}]'),
    "a pointer as a fragment": patch('[{"op":"add","path":"#/ssn","value":"@"}]'),
    "a pointer with an escape": patch('[{"op":"add","path":"/s\\u0073n","value":"@"}]'),
    "a pointer in dots": patch('[{"op":"add","path":"/person.tax","value":"@"}]'),
    "two pointers": patch('[{"op":"add","path":"/a","path":"/ssn","value":"@"}]'),
    "two values": patch('[{"op":"add","path":"/a","value":1,"value":{"ssn":"@"},"path":""}]'),
    "a value that is not needed": patch('[{"op":"remove","path":"/ssn","value":"@"}]'),
    "a member in another case": patch('[{"op":"add","path":"/a","Path":"/ssn","value":"@"}]'),
    "a detour": patch(
        '[{"op":"add","path":"/x","value":"@"},{"op":"move","from":"/x","path":"/ssn"}]'
    ),
    "an index for a name": patch('[{"op":"add","path":"/0/ssn","value":"@"}]'),
    "a JSON Patch as JSON, escaped": patch(
        '[{"\\u006fp":"add","p\\u0061th":"/ssn","value":"@"}]', b"Content-Type: application/json"
    ),
    "a patch of SCIM": patch(
        '{"Operations":[{"op":"add","path":"ssn","value":"@"}]}',
        b"Content-Type: application/scim+json",
    ),
    "a JSON Patch as JSON, by an encoded method": sent(
        b"/customers/c1?_metho%64=%50ATCH", EDITS, b"Content-Type: application/json"
    ),
    "a JSON Patch as JSON, by a method in a field": sent(
        b"/customers/c1",
        EDITS,
        b"Content-Type: application/json",
        b"X-HTTP-Method-Override: PATCH",
        method=b"PUT",
    ),
    # Merge Patch.
    "a merge": patch('{"ssn":"@"}', MERGE),
    "a merge in another case": patch('{"Ssn":"@"}', MERGE),
    "a merge into the value": patch('{"ssn":{"x":"@"}}', MERGE),
    "a merge of a list": patch('[{"id":"c1","ssn":"@"}]', MERGE),
    # Parts: to another reader the part `x` holds a part `ssn`, or is it.
    "an extended boundary": parts(NESTED, b"boundary=b; boundary*=utf-8''c"),
    "a continued boundary": parts(NESTED, b"boundary=b; boundary*0=c"),
    "another parameter for the boundary": parts(NESTED, b"xboundary=c; boundary=b"),
    "an encoded word for a name": parts(PART % ('"=?utf-8?q?ssn?="', "@"), b"boundary=b"),
    # Tables: to another reader these have a column `ssn`.
    "a table behind the separator": table("sep=,\nid,ssn\nc1,@\n"),
    "a table behind a comment": table("#a,b\nid,ssn\nc1,@\n"),
    "a table with escaped quotes": table('x,ssn,id\n"\\"",@,"",1",2,c1\n'),
    "a table in unit separators": table("id\x1fssn\nc1\x1f@\n"),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_no_canary_reaches_the_store(proxy: Proxy, origin: Origin, attack: bytes) -> None:
    client = await proxy.client()
    await client.send(attack)
    told = await every_answer(client)
    assert not any(spelling in origin.everything for spelling in SPELLINGS)
    assert CANARY not in told
    assert not origin.misread
