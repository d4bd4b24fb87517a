# SPDX-License-Identifier: Apache-2.0
"""Masks through the real proxy: who sees what, and who does not.

Nobody sees it by a forged token, a doubled header or a cache, and no mask takes a value's place.
"""

import json
import logging
import re
import ssl
import time
from asyncio import StreamWriter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sidecar.keys import Keyring
from sidecar.proxy import Listener, ProxySettings, ServerTls, Upstream
from sidecar.rules import CertificateNames, HeaderIs, Mask, Mode, Place, Rule, Store
from sidecar.transform import Transform
from tests.fixtures.authority import Authority
from tests.fixtures.origin import Origin, Received
from tests.proxy.rig import Answered, CutShortError, answer, serving
from tests.proxy.rig import Rig as Proxy
from tests.rules import samples
from tests.transform.issuer import Issuer, condition
from tests.transform.rig import Rig as Keys

SSN, EMAIL, CARD, NOTE, PHONE = (
    "CANARY-078-05-1120", "canary@example.org", "4929 6421 0075 8113", "canary note",
    "+49 30 canary 4711",
)  # fmt: skip
SECRETS = [text.encode() for text in (SSN, EMAIL, CARD, NOTE, PHONE)]
DOCUMENT = {"id": "c1", "ssn": SSN, "email": EMAIL, "card": CARD, "notes": {"a": NOTE}, "n": 1}
JSON = b"Content-Type: application/json"
ISSUER = Issuer()
AUDITOR = "spiffe://crm/audit"
CLEARED = (
    HeaderIs("x-role", ("auditor",)),
    CertificateNames("uri", (AUDITOR,)),
    condition(ISSUER),
)
FIELDS = (
    samples.field("ssn", mask=Mask(last=4)),
    samples.field("email", Mode.EQUALITY, mask=Mask(is_hash=True)),
    samples.field("card", Mode.DIGITS, mask=Mask(last=4)),
    samples.field("notes", Mode.JSON, mask=Mask()),
)
OUTSIDE = (
    samples.field("x-phone", name="header:x-phone", place=Place.HEADER, mask=Mask(last=4)),
    samples.field("mail", Mode.EQUALITY, name="email", place=Place.PATH, mask=Mask(is_hash=True)),
)


@dataclass
class Crm:
    """A store of records by path, which answers with `lines` besides, and its cleared callers."""

    proxy: Proxy
    origin: Origin
    rule: Rule
    tls: ssl.SSLContext | None = None
    lines: tuple[bytes, ...] = ()
    kept: dict[bytes, Received] = field(default_factory=dict)

    async def reply(self, request: Received, writer: StreamWriter) -> None:
        if request.method == b"PUT":
            self.kept[request.target] = request
        found = self.kept.get(request.target, request)
        phones = [b"X-Phone: " + value for value in found.values(b"x-phone")]
        kind = found.values(b"content-type")
        types = [b"Content-Type: " + value for value in kind]
        writer.write(answer(found.body, *types, *phones, *self.lines))

    async def ask(
        self, method: str, target: str, body: bytes = b"", *lines: bytes, tenant: str = "acme"
    ) -> Answered:
        client = await self.proxy.client(tls=self.tls)
        head = (
            f"{method} {target} HTTP/1.1".encode(), b"Host: crm",
            b"X-Tenant-Id: " + tenant.encode(), b"Content-Length: %d" % len(body), *lines,
        )  # fmt: skip
        return await client.ask(b"\r\n".join((*head, b"", b"")) + body)

    async def write(
        self, document: dict[str, Any], *lines: bytes, tenant: str = "acme"
    ) -> Answered:
        body, target = json.dumps(document).encode(), f"/customers/{document['id']}"
        return await self.ask("PUT", target, body, *(lines or (JSON,)), tenant=tenant)

    async def read(self, *lines: bytes, record: str = "c1", tenant: str = "acme") -> Any:
        found = await self.ask("GET", f"/customers/{record}", b"", *lines, tenant=tenant)
        assert found.status == 200, found.body
        return json.loads(found.body)


@pytest.fixture
async def keys() -> AsyncIterator[Keys]:
    keys = await Keys.start()
    yield keys
    await keys.keyring.aclose()


def _rule(keys: Keys, origin: Origin, **parts: Any) -> Rule:
    values: dict[str, Any] = {
        "store": Store("crm", "rest", (f"127.0.0.1:{origin.port}",)),
        "cleared": CLEARED,
        "outside": OUTSIDE,
        "routes": ("/customers", "/customers/{id}", "/by-mail/{id}/{mail}"),
    }
    return keys.rule(*parts.pop("fields", FIELDS), **values | parts)


def _transform(rule: Rule, keyring: Keyring) -> Transform:
    return Transform(samples.plan(rule), keyring)


@pytest.fixture
async def crm(origin: Origin, keys: Keys) -> AsyncIterator[Crm]:
    rule = _rule(keys, origin)
    async with serving(origin, _transform(rule, keys.keyring)) as proxy:
        crm = Crm(proxy, origin, rule)
        origin.answer = crm.reply
        yield crm


def bearer(**claims: object) -> bytes:
    chosen = {"exp": time.time() + 3600, "nbf": time.time() - 1} | claims
    return b"Authorization: Bearer " + ISSUER.token(**chosen).encode()


MASKED = {"id": "c1", "ssn": "****1120", "card": "****8113", "notes": "****", "n": 1}
UNCLEARED: dict[str, tuple[bytes, ...]] = {
    "nothing": (),
    "another role": (b"X-Role: clerk",),
    "a role twice": (b"X-Role: auditor", b"X-Role: auditor"),
    "a role among others": (b"X-Role: auditor, clerk",),
    "a role in another spelling": (b"X_Role: auditor",),
    "a role for the connection": (b"X-Role: x", b"Connection: X-Role"),
    "an expired token": (bearer(exp=time.time() - 1),),
    "a token for another": (bearer(aud="shop"),),
    "a token of another": (bearer(iss="https://login.example.com"),),
    "a stranger's token": (b"Authorization: Bearer " + Issuer().token(exp=2**33).encode(),),
    "a token without more": (bearer(scope="profile"),),
    "a token twice": (bearer(), bearer()),
    "a token and a password": (bearer(), b"Authorization: Basic YTpi"),
    "the name of a certificate": (
        b"X-Forwarded-Client-Cert: URI=" + AUDITOR.encode(),
        b"X-SSL-Client-S-DN: CN=audit",
    ),
}


@pytest.mark.parametrize("lines", UNCLEARED.values(), ids=UNCLEARED)
async def test_who_is_not_cleared_sees_masks(crm: Crm, lines: tuple[bytes, ...]) -> None:
    echoed = await crm.write(DOCUMENT, JSON, *lines)
    found = await crm.ask("GET", "/customers/c1", b"", *lines)
    for seen in (echoed, found):
        document = json.loads(seen.body)
        assert re.fullmatch(r"\*{4}:[A-Za-z0-9_-]{22}", document.pop("email"))
        assert document == MASKED
        assert not any(secret in seen.body for secret in SECRETS)
    assert not any(secret in crm.origin.everything for secret in SECRETS)


@pytest.mark.parametrize("line", [b"X-Role: auditor", bearer(), bearer(scope="pii.read")])
async def test_who_is_cleared_sees_values(crm: Crm, line: bytes) -> None:
    await crm.write(DOCUMENT)
    assert await crm.read(line) == DOCUMENT


async def test_equal_values_have_equal_hashes_within_a_tenant(crm: Crm) -> None:
    for record, mail in (("c1", EMAIL), ("c2", EMAIL), ("c3", "other@example.org")):
        await crm.write(DOCUMENT | {"id": record, "email": mail})
    hashes = [(await crm.read(record=record))["email"] for record in ("c1", "c2", "c3", "c1")]
    assert hashes[0] == hashes[1] == hashes[3] != hashes[2]
    crm.kept.clear()
    await crm.write(DOCUMENT, tenant="globex")
    assert (await crm.read(tenant="globex"))["email"] not in hashes


async def test_values_in_heads_are_masked_too(crm: Crm) -> None:
    target = "/by-mail/c1/canary%40example.org"
    body = json.dumps(DOCUMENT).encode()
    written = await crm.ask("PUT", target, body, JSON, b"X-Phone: " + PHONE.encode())
    sealed = crm.origin.complete[-1].target
    assert b"enc:1:" in sealed
    crm.lines = (b"Location: " + sealed,)
    crm.kept[sealed] = crm.origin.complete[-1]
    for found in (written, await crm.ask("GET", target), await crm.ask("HEAD", target)):
        assert found.values(b"x-phone") == [b"****4711"]
        assert not any(b"canary" in value for _, value in found.headers)
    masked = (await crm.ask("GET", target)).values(b"location")
    cleared = (await crm.ask("GET", target, b"", b"X-Role: auditor")).values(b"location")
    assert cleared == [target.encode()]
    (place,) = masked
    assert place.startswith(b"/by-mail/c1/%2A%2A%2A%2A:")
    followed = await crm.ask("GET", place.decode())
    assert (followed.status, json.loads(followed.body)["code"]) == (422, "masked_value")


WRITTEN_BACK: dict[str, tuple[str, str, bytes, tuple[bytes, ...]]] = {
    "as it was read": ("PUT", "/customers/c1", b"%", (JSON,)),
    "by a cleared caller": ("PUT", "/customers/c1", b"%", (JSON, b"X-Role: auditor")),
    "in a list": ("POST", "/customers", b"[%]", (JSON,)),
    "in lines": ("POST", "/customers", b"%\n", (b"Content-Type: application/x-ndjson",)),
    "with escapes": (
        "PUT", "/customers/c1", rb'{"\u0073sn":"\u002a\u002a**1120"}', (JSON,),
    ),
    "with spaces": ("PUT", "/customers/c1", '{"ssn":"\u00a0\\t****1120 "}'.encode(), (JSON,)),
    "what was hidden": ("PUT", "/customers/c1", b'{"notes":"****"}', (JSON,)),
    "a part": (
        "PATCH", "/customers/c1", b'{"card":"****8113"}',
        (b"Content-Type: application/merge-patch+json",),
    ),
    "an operation": (
        "PATCH", "/customers/c1", b'[{"op":"replace","path":"/ssn","value":"****1120"}]',
        (b"Content-Type: application/json-patch+json",),
    ),
    "a form": (
        "PUT", "/customers/c1", b"id=c1&ssn=****1120",
        (b"Content-Type: application/x-www-form-urlencoded",),
    ),
    "an encoded form": (
        "PUT", "/customers/c1", b"ssn=+%2A%2a**1120",
        (b"Content-Type: application/x-www-form-urlencoded",),
    ),
    "a table": ("PUT", "/customers/c1", b"id,ssn\nc1,****1120\n", (b"Content-Type: text/csv",)),
    "XML": (
        "PUT", "/customers/c1", b"<c><ssn>&#42;***1120</ssn></c>",
        (b"Content-Type: application/xml",),
    ),
    "a header": ("PUT", "/customers/c1", b'{"n":1}', (JSON, b"X-Phone: ****4711")),
    "a search": ("GET", "/customers?email=%2A%2A%2A%2A:abc", b"", ()),
}  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN_BACK.values(), ids=WRITTEN_BACK)
async def test_no_mask_takes_the_place_of_a_value(
    crm: Crm, written: tuple[str, str, bytes, tuple[bytes, ...]]
) -> None:
    await crm.write(DOCUMENT)
    shown = json.dumps(await crm.read()).encode()
    requests = len(crm.origin.requests)
    method, target, body, lines = written
    found = await crm.ask(
        method, target, body.replace(b"%", shown) if body[:1] in b"%[" else body, *lines
    )
    assert (found.status, json.loads(found.body)["code"]) == (422, "masked_value")
    assert len(crm.origin.requests) == requests
    assert await crm.read(b"X-Role: auditor") == DOCUMENT


async def test_what_is_not_masked_can_be_written_by_whoever_reads_masks(crm: Crm) -> None:
    await crm.write({"id": "c1", "ssn": SSN, "n": "****"})
    assert await crm.read() == {"id": "c1", "ssn": "****1120", "n": "****"}


CACHING = (
    b"Cache-Control: public, max-age=600", b"CDN-Cache-Control: max-age=600",
    b"Surrogate-Control: max-age=600", b"X-Accel-Expires: 600", b"Edge-Control: !no-store",
    b"Expires: Thu, 01 Dec 2095 16:00:00 GMT", b"Pragma: cache", b'ETag: "1"', b"Vary: Accept",
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
@pytest.mark.parametrize("line", [b"X-Role: auditor", b"X-Role: clerk"])
async def test_no_cache_gives_one_caller_what_another_may_see(
    crm: Crm, method: str, line: bytes
) -> None:
    await crm.write(DOCUMENT)
    crm.lines = CACHING
    body = json.dumps(DOCUMENT).encode() if method == "PUT" else b""
    found = await crm.ask(method, "/customers/c1", body, JSON, line)
    assert found.status == 200
    assert found.values(b"cache-control") == [b"no-store"]
    told = {name for name, _ in found.headers}
    assert not told & {
        b"cdn-cache-control", b"surrogate-control", b"x-accel-expires", b"edge-control",
        b"expires", b"pragma",
    }  # fmt: skip
    assert {b"etag", b"vary"} <= told


@pytest.mark.parametrize("line", [b"X-Role: auditor", b"X-Role: clerk"])
async def test_nor_is_not_modified_kept(crm: Crm, line: bytes) -> None:
    crm.origin.answer = b"\r\n".join((b"HTTP/1.1 304 Not Modified", *CACHING, b"", b""))
    found = await crm.ask("GET", "/customers/c1", b"", line, b'If-None-Match: "1"')
    assert (found.status, found.values(b"cache-control")) == (304, [b"no-store"])


async def test_an_altered_value_is_refused_to_whoever_sees_its_mask(crm: Crm) -> None:
    await crm.write(DOCUMENT)
    await crm.write(DOCUMENT | {"id": "c2"})
    crm.kept[b"/customers/c1"] = crm.kept[b"/customers/c2"]
    found = await crm.ask("GET", "/customers/c1")
    assert found.status == 422
    assert json.loads(found.body)["code"] == "unreadable_answer"


async def test_nothing_of_a_value_or_a_token_is_logged(
    crm: Crm, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = bearer(exp=time.time() - 1)
    await crm.write(DOCUMENT, JSON, token)
    await crm.ask("PUT", "/customers/c1", b'{"ssn":"****1120"}', JSON, token)
    await crm.ask("GET", "/customers/c1", b"", token)
    assert token.rpartition(b" ")[2].decode() not in caplog.text
    assert not any(secret.decode() in caplog.text for secret in (*SECRETS, b"1120"))


async def test_rules_without_conditions_show_nobody(origin: Origin, keys: Keys) -> None:
    rule = _rule(keys, origin, cleared=())
    async with serving(origin, _transform(rule, keys.keyring)) as proxy:
        crm = Crm(proxy, origin, rule)
        origin.answer = crm.reply
        await crm.write(DOCUMENT)
        assert (await crm.read(b"X-Role: auditor", bearer()))["ssn"] == "****1120"


# Certificates.


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def mutual(origin: Origin, keys: Keys, authority: Authority) -> AsyncIterator[Crm]:
    """Behind a listener that verifies the certificates of its clients."""
    rule = _rule(keys, origin)
    tls = ServerTls(*authority.issue("127.0.0.1", file="listener"), client_ca=authority.ca)
    listener = Listener("127.0.0.1", 0, Upstream("http", "127.0.0.1", origin.port), tls)
    settings = ProxySettings((listener,))
    async with serving(origin, _transform(rule, keys.keyring), settings=settings) as proxy:
        crm = Crm(proxy, origin, rule)
        origin.answer = crm.reply
        yield crm


def holding(trusted: Authority, issuer: Authority | None = None, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trusted.ca)
    if issuer is not None:
        context.load_cert_chain(*issuer.issue(*names, file="client"))
    return context


async def test_a_certificate_clears_whom_it_names(mutual: Crm, authority: Authority) -> None:
    mutual.tls = holding(authority, authority, "audit.internal", AUDITOR)
    await mutual.write(DOCUMENT)
    assert await mutual.read() == DOCUMENT


@pytest.mark.parametrize("names", [(), ("crm",), ("spiffe://crm/clerk",), ("spiffe.crm.audit",)])
async def test_no_certificate_or_another_does_not(
    mutual: Crm, authority: Authority, names: tuple[str, ...]
) -> None:
    mutual.tls = holding(authority, authority if names else None, *names)
    await mutual.write(DOCUMENT)
    assert (await mutual.read())["ssn"] == "****1120"


async def test_a_certificate_of_another_that_is_sent_along_does_not(
    mutual: Crm, authority: Authority
) -> None:
    """Certificates are public, so whoever has one of their own can send another's behind it."""
    own = authority.issue("spiffe://crm/clerk", file="own")
    other = authority.issue(AUDITOR, file="other")
    own.cert.write_bytes(own.cert.read_bytes() + other.cert.read_bytes())
    mutual.tls = holding(authority)
    mutual.tls.load_cert_chain(*own)
    await mutual.write(DOCUMENT)
    assert (await mutual.read())["ssn"] == "****1120"


async def test_a_certificate_of_another_authority_gets_no_answer(
    mutual: Crm, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "stranger")
    mutual.tls = holding(authority, stranger, AUDITOR)
    with pytest.raises((ssl.SSLError, ConnectionError, CutShortError)):
        await mutual.ask("GET", "/customers/c1")
    assert not mutual.origin.requests
