# SPDX-License-Identifier: Apache-2.0
"""Law 1 against clients and stores that write in every odd way: the real proxy, byte by byte.

No request may bring the canary to the store in clear, in whatever spelling; whether it is sealed or
refused is for other tests to say. No answer may bring what is sealed to the client as if it were
the value, nor a value to another place than its own.
"""

import base64
import gzip
import json
from asyncio import StreamWriter
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from sidecar.rules import Mode, Store
from sidecar.transform import Transform
from tests.fixtures.origin import Origin, Received
from tests.proxy.rig import Client, answer, chunked, serving
from tests.proxy.rig import Rig as Proxy
from tests.rules import samples
from tests.transform.rig import Rig as Keys

CANARY = b"CANARY-078-05-1120"
SPELLINGS = (
    CANARY, base64.b64encode(CANARY).rstrip(b"="), quote(CANARY, safe="").encode(),
    CANARY.decode().encode("utf-16-le"), b"".join(b"\\u%04x" % char for char in CANARY),
)  # fmt: skip
JSON = b"Content-Type: application/json"
TENANT = b"X-Tenant-Id: acme"
NDJSON = b"Content-Type: application/x-ndjson"
FORM = b"Content-Type: application/x-www-form-urlencoded"
PARTS = b"Content-Type: multipart/form-data; boundary=b"
PART = "--b\r\nContent-Disposition: form-data; %s\r\n\r\n@\r\n--b--\r\n"
CSV = b"Content-Type: text/csv"
PATCH = '[{"op":"replace","path":"/ssn","value":"@"}]'
DOCUMENT = b'{"id":"c1","ssn":"%b","notes":[1]}' % CANARY


def sent(target: bytes, body: bytes, *lines: bytes, method: bytes = b"POST") -> bytes:
    length = b"Content-Length: %d" % len(body)
    head = (b"%b %b HTTP/1.1" % (method, target), b"Host: crm", TENANT, length, *lines)
    return b"\r\n".join((*head, b"", b"")) + body


def document(text: str | bytes, *lines: bytes) -> bytes:
    body = text if isinstance(text, bytes) else text.encode()
    return sent(b"/customers", body.replace(b"@", CANARY), *(lines or (JSON,)))


ATTACKS = {
    # The body.
    "another case": document('{"id":"c1","SSN":"@"}'),
    "an escaped name": document(r'{"id":"c1","\u0073s\u006E":"@"}'),
    "an escaped name in another case": document(r'{"id":"c1","\u0053SN":"@"}'),
    "a wide name": document('{"id":"c1","\uff53sn":"@"}'),
    "a name with a NUL": document(r'{"id":"c1","ssn\u0000":"@"}'),
    "a repeated name": document('{"id":"c1","ssn":"@","ssn":"1"}'),
    "a repeated name, spelled differently": document(r'{"id":"c1","ssn":"@","\u0073sn":null}'),
    "a repeated way": document('{"id":"c1","person":{"tax":"@"},"person":{}}'),
    "a way in one name": document('{"id":"c1","person.tax":"@"}'),
    "a way in brackets": document('{"id":"c1","person[tax]":"@"}'),
    "a list on the way": document('{"id":"c1","person":[{"tax":"@"}]}'),
    "a text on the way": document(r'{"id":"c1","person":"{\"tax\":\"@\"}"}'),
    "an object in place of the value": document('{"id":"c1","ssn":{"$set":"@"}}'),
    "a list in place of the value": document('{"id":"c1","ssn":["@"]}'),
    "a list of lists": document('[[{"id":"c1","ssn":"@"}]]'),
    "a list and a document": document('[{"id":"c1"},{"id":"c2","ssn":"@"}]'),
    "two texts": document('{"id":"c1"}{"ssn":"@"}'),
    "a text behind a carriage return": document('{"id":"c1"}\r{"ssn":"@"}', NDJSON),
    "a text behind a line separator": document('{"id":"c1"}\u2028{"ssn":"@"}', NDJSON),
    "lines as one text": document('{"id":"c1"}\n{"id":"c1","ssn":"@"}'),
    "lines": document('{"id":"c1"}\n{"id":"c1","ssn":"@"}\n', NDJSON),
    "a byte order mark": document('\ufeff{"id":"c1","ssn":"@"}'),
    "UTF-16": document('{"id":"c1","ssn":"@"}'.replace("@", CANARY.decode()).encode("utf-16")),
    "comments": document('{"id":"c1",/**/"ssn":"@"}'),
    "single quotes": document("{'id':'c1','ssn':'@'}"),
    "a name of eighteen letters each": document('{"ssn":"@","%s":1}' % ("\ufdfa" * 40_000)),
    "very deep": document('{"a":' * 99 + "1" + "}" * 99 + ',"ssn":"@"}'),
    "nothing but the value": document('"@"'),
    "a JSON Patch": document(PATCH, b"Content-Type: application/json-patch+json"),
    "a merge patch": document('{"ssn":"@"}', b"Content-Type: application/merge-patch+json"),
    "a JSON Patch as JSON": sent(
        b"/customers/c1", PATCH.replace("@", CANARY.decode()).encode(), JSON, method=b"PATCH"
    ),
    # What the head says of it.
    "no type": document(DOCUMENT, b"X-A: 1"),
    "two types": document(DOCUMENT, JSON, b"Content-Type: text/plain"),
    "two types in one": document(DOCUMENT, b"Content-Type: text/plain, application/json"),
    "a type of text": document(DOCUMENT, b"Content-Type: text/json"),
    "a form": document("id=c1&ssn=@", b"Content-Type: application/x-www-form-urlencoded"),
    "another character set": document(DOCUMENT, b"Content-Type: application/json; charset=utf-16"),
    "two character sets": document(DOCUMENT, JSON + b"; charset=utf-8; charset=utf-7"),
    "a form with another separator": document("id=c1;ssn=@", FORM),
    "a form in another case": document("id=c1&SSN=@", FORM),
    "a form with a nested name": document("id=c1&person[tax]=@", FORM),
    "a form with a name twice": document("id=c1&ssn=1&ssn=@", FORM),
    "a form in another character set": document("_charset_=utf-16&s%00s%00n%00=@", FORM),
    "parts with a name twice": document(PART % "name=x; name=ssn", PARTS),
    "parts with an extended name": document(PART % "name=x; name*=utf-8''ssn", PARTS),
    "parts with a backslash": document(PART % r'name="s\sn"', PARTS),
    "parts with bare line feeds": document(
        (PART % "name=x").replace("@", "1\n--b\n" + (PART % "name=ssn").replace("\r", "")), PARTS
    ),
    "parts in front of the parts": document("--x\r\n" + PART % "name=ssn" + PART % "name=x", PARTS),
    "parts with another boundary": document((PART % "name=ssn").replace("--b", "--c"), PARTS),
    "parts in a transfer encoding": document(
        (PART % "name=ssn").replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: 8bit,\r\n\r\n"),
        PARTS,
    ),
    "a table with another separator": document("id;ssn\nc1;@\n", CSV),
    "a table with another quote": document('id,ssn,x\nc1,"1""",@"\n', CSV),
    "a table with a carriage return": document("id,x\rc1,ssn\rc2,@\r", CSV),
    "a table with ragged rows": document("id,ssn\nc1,1,@\n", CSV),
    "a table without names": document("c1,@\n", CSV + b"; header=absent"),
    "a broken coding": document(gzip.compress(DOCUMENT)[:-4], JSON, b"Content-Encoding: gzip"),
    "two bodies in a coding": document(
        gzip.compress(DOCUMENT) + DOCUMENT, JSON, b"Content-Encoding: gzip"
    ),
    "three codings": document(DOCUMENT, JSON, b"Content-Encoding: gzip, br, zstd"),
    "a bomb": document(
        gzip.compress(DOCUMENT + b" " * (32 << 20)), JSON, b"Content-Encoding: gzip"
    ),
    "a coding": document(DOCUMENT, JSON, b"Content-Encoding: gzip"),
    "a coding twice": document(DOCUMENT, JSON, b"Content-Encoding: identity, gzip"),
    "a method in a field": document(DOCUMENT, JSON, b"X-HTTP-Method-Override: GET"),
    "trailers": chunked(
        b"/customers",
        DOCUMENT,
        lines=(JSON, TENANT, b"Trailer: X-SSN"),
        end=b"0\r\nX-SSN: " + CANARY + b"\r\n\r\n",
    ),
    "a chunk extension": chunked(
        b"/customers",
        lines=(JSON, TENANT),
        end=b"%x;x=%b\r\n%b\r\n0\r\n\r\n" % (len(DOCUMENT), CANARY, DOCUMENT),
    ),
    "a GET with a body": sent(b"/customers/c1", DOCUMENT, JSON, method=b"GET"),
    "a DELETE with a body": sent(b"/customers/c1", DOCUMENT, JSON, method=b"DELETE"),
    "an unknown method with a body": sent(b"/customers/c1", DOCUMENT, JSON, method=b"UPSERT"),
    "an offer of HTTP/2": document(
        DOCUMENT,
        JSON,
        b"Upgrade: h2c",
        b"Connection: Upgrade, HTTP2-Settings",
        b"HTTP2-Settings: AA",
    ),
    "no tenant": document(DOCUMENT, JSON).replace(TENANT + b"\r\n", b""),
    "two tenants": document(DOCUMENT, JSON, b"x-tenant-id: globex"),
    "two tenants behind CGI": document(DOCUMENT, JSON, b"X_Tenant_Id: globex"),
    # Where it goes.
    "a path in another case": sent(b"/Customers", DOCUMENT, JSON),
    "an encoded path": sent(b"/%63ustomers", DOCUMENT, JSON),
    "a path encoded twice": sent(b"/%2563ustomers", DOCUMENT, JSON),
    "an empty segment": sent(b"//customers", DOCUMENT, JSON),
    "dots": sent(b"/x/../customers", DOCUMENT, JSON),
    "parameters of a path": sent(b"/customers;v=1", DOCUMENT, JSON),
    "a backslash": sent(b"/\\customers", DOCUMENT, JSON),
    "a format": sent(b"/customers.json", DOCUMENT, JSON),
    "a whole URI": sent(b"http://other/customers", DOCUMENT, JSON),
    "a tunnel": sent(b"crm:80", DOCUMENT, JSON, method=b"CONNECT"),
    "another path in a field": sent(b"/health", DOCUMENT, JSON, b"X-Original-URL: /customers"),
    "a query in a field": document(DOCUMENT, JSON, b"X-Original-URL: /customers?email=" + CANARY),
    "a page with a value": document(
        DOCUMENT, JSON, b"Referer: http://crm/customers?email=" + CANARY
    ),
    "a page with a value, told on a route of no rule": sent(
        b"/health", b"", b"Referer: http://crm/customers/c1?ssn=" + CANARY, method=b"GET"
    ),
    "a WebSocket": sent(
        b"/customers?email=" + CANARY,
        b"",
        b"Upgrade: websocket",
        b"Connection: upgrade",
        method=b"GET",
    ),
    "another host": document(DOCUMENT, JSON).replace(b"Host: crm", b"Host: elsewhere"),
    "a method that no rule names": sent(
        b"/orders", b'{"ssn":"%b"}' % CANARY, JSON, b"X-HTTP-Method: post", method=b"GET"
    ),
    "a search": sent(b"/customers?ssn=" + CANARY, b"", method=b"GET"),
    "a search in another case": sent(b"/customers?SSN=" + CANARY, b"", method=b"GET"),
    "a search with an operator": sent(b"/customers?q[ssn_eq]=" + CANARY, b"", method=b"GET"),
    "a search encoded twice": sent(b"/customers?%2573sn=" + CANARY, b"", method=b"GET"),
    "a filter": sent(b"/customers?filter=eq(ssn," + CANARY + b")", b"", method=b"GET"),
    "a search for equality": sent(b"/customers?email=" + CANARY, b"", method=b"GET"),
    # On one connection.
    "a second request behind a refused one": document("{") + document(DOCUMENT, b"X-A: 1"),
    "a request in the body of another": document(DOCUMENT, JSON, b"Expect: 100-continue")
    + sent(b"/Customers", DOCUMENT, JSON),
    "a length and chunks": chunked(
        b"/customers", DOCUMENT, lines=(JSON, TENANT, b"Content-Length: 3")
    ),
    "a body that ends early": document(DOCUMENT, JSON)[:-3],
}
"""Requests as they are sent, by what is odd about them."""


@pytest.fixture
async def proxy(origin: Origin) -> AsyncIterator[Proxy]:
    keys = await Keys.start()
    store = Store("crm", "rest", (f"127.0.0.1:{origin.port}",))
    customers = keys.rule(
        samples.field("ssn"),
        samples.field("email", Mode.EQUALITY),
        samples.field("person.tax"),
        samples.field("card", Mode.DIGITS),
        store=store,
    )
    orders = keys.rule(samples.field("ssn"), store=store, name="orders", routes=("POST /orders",))
    async with serving(origin, Transform(samples.plan(customers, orders), keys.keyring)) as rig:
        yield rig
    await keys.keyring.aclose()


async def every_answer(client: Client) -> bytes:
    client.writer.write_eof()
    try:
        return await client.rest()
    except ConnectionError:
        return b""


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_no_canary_reaches_the_store(proxy: Proxy, origin: Origin, attack: bytes) -> None:
    client = await proxy.client()
    await client.send(attack)
    told = await every_answer(client)
    assert not any(spelling in origin.everything for spelling in SPELLINGS)
    assert CANARY not in told
    assert not origin.misread


async def test_what_is_well_written_gets_there_sealed(proxy: Proxy, origin: Origin) -> None:
    client = await proxy.client()
    assert (await client.ask(document(DOCUMENT))).status == 200
    assert b'"ssn":"enc:1:' in origin.everything


CARD = "4929 6421 0075 8113"
READ = b"GET /customers/%b HTTP/1.1\r\nHost: crm\r\nX-Tenant-Id: %b\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

ANSWERS = {
    # The sealed document of c1 stands for @, its sealed SSN for % (in a URL for $), its card for #.
    "another record": (b'{"id":"c2","ssn":"%"}', b"c2", b"acme", (JSON,)),
    "another record in a list": (b'[{"id":"c2","ssn":"%"}]', b"c2", b"acme", (JSON,)),
    "another tenant": (b"@", b"c1", b"globex", (JSON,)),
    "another field": (b'{"id":"c1","person":{"tax":"%"}}', b"c1", b"acme", (JSON,)),
    "a field for equality": (b'{"id":"c1","email":"%"}', b"c1", b"acme", (JSON,)),
    "no field": (b'{"id":"c1","name":"%"}', b"c1", b"acme", (JSON,)),
    "the name of a member": (b'{"id":"c1","%":1}', b"c1", b"acme", (JSON,)),
    "a name in another case": (b'{"id":"c1","SSN":"%"}', b"c1", b"acme", (JSON,)),
    "a place further down": (b'{"data":@}', b"c1", b"acme", (JSON,)),
    "a text in a text": (b'{"id":"c1","ssn":["%"]}', b"c1", b"acme", (JSON,)),
    "a part of a text": (b'{"id":"c1","ssn":" %"}', b"c1", b"acme", (JSON,)),
    "a record that is told twice": (b'{"id":"c1","id":"c2","ssn":"%"}', b"c1", b"acme", (JSON,)),
    "a record that contradicts the path": (b"@", b"c2", b"acme", (JSON,)),
    "a form of text": (b"@", b"c1", b"acme", (b"Content-Type: text/plain",)),
    "two types": (b"@", b"c1", b"acme", (JSON, b"Content-Type: text/csv")),
    "no type": (b"@", b"c1", b"acme", ()),
    "a coding": (b"@", b"c1", b"acme", (JSON, b"Content-Encoding: br")),
    "a link": (b'<a href="/customers?ssn=$">', b"c1", b"acme", (b"Content-Type: text/html",)),
    "digits in a text": (b"c1 #\n", b"c1", b"acme", (b"Content-Type: text/markdown",)),
    "a byte order mark": (b"\xef\xbb\xbf@", b"c1", b"acme", (JSON,)),
    "a text cut short": (b'{"id":"c1","ssn":"%"', b"c1", b"acme", (JSON,)),
}
"""Bodies of a store, the record and tenant that are asked for, and field lines, by what is odd."""


async def sealed_document(proxy: Proxy, origin: Origin) -> tuple[bytes, bytes, bytes]:
    """What the store has of c1: the document, its SSN and its card."""
    plain = b'{"id":"c1","ssn":"%b","card":"%b"}' % (CANARY, CARD.encode())
    assert (await (await proxy.client()).ask(document(plain))).status == 200
    stored = origin.complete[-1].body
    return stored, json.loads(stored)["ssn"].encode(), json.loads(stored)["card"].encode()


@pytest.mark.parametrize("told", ANSWERS.values(), ids=ANSWERS)
async def test_no_answer_is_taken_for_what_it_is_not(
    proxy: Proxy, origin: Origin, told: tuple[bytes, bytes, bytes, tuple[bytes, ...]]
) -> None:
    body, record, tenant, lines = told
    stored, ssn, card = await sealed_document(proxy, origin)
    body = body.replace(b"@", stored).replace(b"%", ssn).replace(b"#", card)
    body = body.replace(b"$", quote(ssn).encode())
    origin.answer = answer(body, *lines)
    got = await (await proxy.client()).ask(READ % (record, tenant))
    assert got.status == 422
    assert not any(secret in got.body for secret in (CANARY, CARD.encode(), ssn, card))


@pytest.mark.parametrize(
    "told",
    [
        answer(b"@", JSON, b"Content-Range: bytes 0-9/99", status=b"206 Partial Content"),
        CHUNKED + b"%x;x=y\r\n@\r\n0\r\nContent-Type: text/csv\r\n\r\n",
        CHUNKED + b"%x\r\n@",
        answer(b"@", JSON, b"Transfer-Encoding: gzip"),
        answer(b"@", JSON, b"Content-Length: 7"),
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n@",
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[@,{"id":',
    ],
)
async def test_no_odd_framing_hands_out_what_is_sealed(
    proxy: Proxy, origin: Origin, told: bytes
) -> None:
    stored, ssn, card = await sealed_document(proxy, origin)

    async def reply(_: Received, writer: StreamWriter) -> None:
        writer.write(told.replace(b"%x", b"%x" % len(stored)).replace(b"@", stored))
        writer.close()

    origin.answer = reply
    client = await proxy.client()
    await client.send(READ % (b"c1", b"acme"))
    got = await every_answer(client)
    assert not any(secret in got for secret in (CANARY, CARD.encode(), ssn, card))


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
async def test_no_charset_hands_out_what_is_sealed(
    proxy: Proxy, origin: Origin, media_type: str, charset: str
) -> None:
    stored, _, _ = await sealed_document(proxy, origin)
    line = f"Content-Type: {media_type}; charset={charset}".encode()
    origin.answer = answer(stored.decode().encode(charset), line)
    got = await (await proxy.client()).ask(READ % (b"c1", b"acme"))
    assert (got.status, b"enc" in got.body.replace(b"\0", b"")) == (422, False)


@pytest.mark.parametrize("method", [b"HEAD", b"GET"])
async def test_a_bare_answer_tells_no_length_or_digest_of_what_is_sealed(
    proxy: Proxy, origin: Origin, method: bytes
) -> None:
    status = b"200 OK" if method == b"HEAD" else b"304 Not Modified"
    lines = (b"Content-MD5: abc", b"Repr-Digest: sha-256=:abc:", b"Content-Length: 4711")
    origin.answer = b"\r\n".join((b"HTTP/1.1 " + status, *lines, b"", b""))
    got = await (await proxy.client()).ask((READ % (b"c1", b"acme")).replace(b"GET", method))
    assert not [name for name, _ in got.headers if name in {b"content-md5", b"repr-digest"}]
    assert b"4711" not in got.values(b"content-length")
