# SPDX-License-Identifier: Apache-2.0
"""Every example at work: what goes to the store holds no canary, and what comes back is the same.

A store that answers with what it was given, in the shape of the store's own API, stands behind the
rules; the rules are those of the file but for the lookup key, which is one of this test's KMS.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sidecar.keys import KeyContext, Keyring
from sidecar.keys.providers.memory import MemoryProvider
from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.rules import Rule, RuleSet, compile_rules, read_rules
from sidecar.transform import Hold, Opened, Sealed, Transform

FOLDER = Path(__file__).parents[2] / "rules"
EXAMPLES = sorted(path for path in FOLDER.iterdir() if not path.match("*.test.yaml"))
CANARIES = (b'canary"', b"canary-", b"canary@", b"77700.9", b"9021-0902")
CLEARED = frozenset({"uri:spiffe://support.internal/reports"})
TENANTS = ("X-Tenant-Id", "X-Parse-Application-Id")


class Exchange(NamedTuple):
    """A request with canaries, and what the store answers to the body that reaches it."""

    request: str
    body: Any
    answer: Callable[[Any], Any] = lambda body: body


EXCHANGES = {
    "crm": [
        Exchange(
            "PUT crm.internal:8080/customers/c%201",
            {
                "name": "plain",
                "ssn": "canary-078",
                "email": "canary@example.com",
                "cards": [{"number": "9021-090210902109", "kind": "visa"}],
                "notes": {"canary": [1, {"canary": None}]},
            },
        ),
        Exchange(
            "POST crm.internal:8080/customers",
            [{"id": 1, "ssn": "canary"}, {"id": "2", "ssn": 77700.9021, "email": None}],
        ),
        Exchange("PUT crm.internal:8080/invoices/7", {"iban": "canary", "amount": 77700.9}),
    ],
    "arcadedb": [
        Exchange(
            "POST arcadedb.internal:2480/api/v1/command/crm",
            {
                "language": "sql",
                "command": "INSERT INTO Customer SET ssn = :ssn, address = :address",
                "params": {"ssn": "canary", "balance": 77700.9, "address": {"street": "canary"}},
            },
            lambda body: {"user": "root", "result": [{"@rid": "#1:0", **body["params"]}]},
        ),
    ],
    "parse-server": [
        Exchange(
            "POST parse.internal:1337/parse/classes/Customer",
            {"ssn": "canary", "diagnosis": {"code": "canary"}, "open": True},
            lambda body: {"results": [{"objectId": "x", **body}, {"objectId": "y", **body}]},
        ),
        Exchange(
            "PUT parse.internal:1337/parse/classes/Customer/x",
            {"ssn": "canary"},
            lambda body: {"objectId": "x", **body},
        ),
        Exchange(
            "POST parse.internal:1337/parse/batch",
            {
                "requests": [
                    {"method": "POST", "path": "/parse/classes/Customer", "body": {"ssn": name}}
                    for name in ("canary-1", "canary-2")
                ]
            },
            lambda body: [{"success": each["body"]} for each in body["requests"]],
        ),
    ],
    "directus": [
        Exchange(
            "POST directus.internal:8055/items/customers",
            [{"passport": None, "birth_date": "canary"}, {"address": {"street": "canary", "n": 1}}],
            lambda body: {"data": body},
        ),
        Exchange(
            "PATCH directus.internal:8055/items/customers",
            {"keys": [1, 2], "data": {"passport": "canary"}},
            lambda body: {"data": [body["data"], body["data"]]},
        ),
    ],
    "graphql": [
        Exchange(
            "POST shop.internal:4000/graphql",
            {
                "query": "mutation($input: CustomerInput!) "
                "{ createCustomer(input: $input) { id ...C } } fragment C on C { ssn notes }",
                "variables": {
                    "input": {"ssn": "canary", "email": "canary@example.com", "notes": ["canary"]}
                },
            },
            lambda body: {"data": {"createCustomer": {"id": "1", **body["variables"]["input"]}}},
        ),
        Exchange(
            "POST shop.internal:4000/graphql",
            [
                {
                    "query": "query($email: String) { customers(email: $email) { id email } }",
                    "variables": {"email": "canary@example.com"},
                }
            ],
            lambda body: [{"data": {"customers": [{"id": "1", **body[0]["variables"]}]}}],
        ),
    ],
    "support": [
        Exchange(
            "PUT support.internal:8080/customers/c1",
            {"ssn": "canary-078", "iban": "canary", "phone": "canary", "notes": ["canary"]},
        ),
    ],
    "couchdb": [
        Exchange(
            "PUT couchdb.internal:5984/crm/d1",
            {"_id": "d1", "ssn": "canary", "email": "canary@example.com"},
        ),
        Exchange(
            "POST couchdb.internal:5984/crm/_bulk_docs",
            {"docs": [{"_id": "d1", "ssn": "canary"}, {"_id": "d2", "ssn": "canary"}]},
            lambda body: {"rows": [{"id": each["_id"], "doc": each} for each in body["docs"]]},
        ),
        Exchange(
            "POST couchdb.internal:5984/crm/_find",
            {"selector": {"email": "canary@example.com"}, "fields": ["_id", "email"]},
            lambda body: {"docs": [{"_id": "d1", **body["selector"]}]},
        ),
    ],
}
ALL = [(name, exchange) for name, exchanges in EXCHANGES.items() for exchange in exchanges]


class Rig:
    """The transform under the rules of one example."""

    def __init__(self, rules: tuple[Rule, ...], provider: MemoryProvider) -> None:
        self.rules = rules
        self.keyring = Keyring(provider)
        self.transform = Transform(compile_rules(RuleSet(rules)), self.keyring)

    def hold(self, request: str, tenant: str = "acme") -> Hold:
        method, _, rest = request.partition(" ")
        authority, _, path = rest.partition("/")
        headers = [(b"Content-Type", b"application/json"), (b"Content-Length", b"1")]
        headers += [(name.encode(), tenant.encode()) for name in TENANTS]
        target = f"/{path}".encode()
        head = RequestHead(method.encode(), target, authority, tuple(headers), CLEARED)
        claim = self.transform.claim(head)
        assert isinstance(claim, Hold)
        return claim

    async def seal(self, exchange: Exchange, tenant: str = "acme") -> Sealed | Refusal:
        return await self.transform.seal_request(
            self.hold(exchange.request, tenant), encode(exchange.body)
        )

    async def open(self, request: str, answer: object, tenant: str = "acme") -> Opened | Refusal:
        head = ResponseHead(200, b"OK", ((b"Content-Type", b"application/json"),))
        return await self.transform.open_response(self.hold(request, tenant), head, encode(answer))


def encode(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


async def rig_of(name: str) -> Rig:
    rules = read_rules(FOLDER / f"{name}.yaml").rules
    cmks = {cmk for rule in rules for cmk in (rule.cmk.seal, *rule.cmk.open)}
    provider = MemoryProvider(*sorted(cmks))
    made = await provider.generate_data_key(rules[0].cmk.seal, KeyContext(rules[0].store.name, ""))
    return Rig(
        tuple(replace(rule, lookup_keys=(made.edk,) if rule.lookup_keys else ()) for rule in rules),
        provider,
    )


@pytest.fixture
async def rig(name: str) -> AsyncIterator[Rig]:
    rig = await rig_of(name)
    yield rig
    await rig.keyring.aclose()


def test_every_example_is_exercised() -> None:
    assert set(EXCHANGES) == {path.stem for path in EXAMPLES}
    assert len(read_rules(FOLDER).rules) >= len(EXAMPLES)


@pytest.mark.parametrize(
    ("name", "exchange"), ALL, ids=[f"{name}: {exchange.request}" for name, exchange in ALL]
)
async def test_no_canary_reaches_the_store_and_the_reply_is_the_same(
    rig: Rig, exchange: Exchange
) -> None:
    assert b"canary" in encode(exchange.body)

    sealed = await rig.seal(exchange)

    assert isinstance(sealed, Sealed)
    for canary in CANARIES:
        assert canary not in sealed.body
    answer = exchange.answer(json.loads(sealed.body))
    opened = await rig.open(exchange.request, answer)
    assert isinstance(opened, Opened)
    assert opened.body == encode(exchange.answer(exchange.body))


BOUND = [(name, exchange) for name, exchange in ALL if "/_find" not in exchange.request]
"""What is searched for in CouchDB is bound to no record, and those rules have no tenant."""


@pytest.mark.parametrize(
    ("name", "exchange"), BOUND, ids=[f"{name}: {exchange.request}" for name, exchange in BOUND]
)
async def test_what_was_sealed_does_not_open_for_another(rig: Rig, exchange: Exchange) -> None:
    """The attack: whoever can write to the store copies a sealed value to a place of their own."""
    sealed = await rig.seal(exchange)
    assert isinstance(sealed, Sealed)
    stolen = json.loads(sealed.body.replace(b'"_id":"d1"', b'"_id":"d3"'))
    request = exchange.request.replace("/d1", "/d3")

    opened = await rig.open(request, exchange.answer(stolen), tenant="globex")

    assert isinstance(opened, Refusal)
    assert (opened.status, opened.code) == (422, "cannot_open")


REFUSED = {
    "a literal in a statement": (
        "arcadedb",
        "POST arcadedb.internal:2480/api/v1/command/crm",
        {"language": "sql", "command": "INSERT INTO Customer SET ssn = 'canary'"},
        "requirement_failed",
    ),
    "a script": (
        "arcadedb",
        "POST arcadedb.internal:2480/api/v1/command/crm",
        {"language": "sqlscript", "command": "LET x = canary"},
        "requirement_failed",
    ),
    "an object of another class in a batch": (
        "parse-server",
        "POST parse.internal:1337/parse/batch",
        {"requests": [{"path": "/parse/classes/Order", "body": {"ssn": "canary"}}]},
        "requirement_failed",
    ),
    "a filter for a sealed field": (
        "directus",
        "SEARCH directus.internal:8055/items/customers",
        {"query": {"filter": {"passport": {"_eq": "canary"}}}},
        "unexpected_shape",
    ),
    "a nested filter for a sealed field": (
        "directus",
        "SEARCH directus.internal:8055/items/customers",
        {"query": {"filter": {"_and": [{"passport": {"_eq": "canary"}}]}}},
        "unexpected_shape",
    ),
    "a literal in a GraphQL query": (
        "graphql",
        "POST shop.internal:4000/graphql",
        {"query": 'mutation { createCustomer(input: {ssn: "canary"}) { id } }'},
        "requirement_failed",
    ),
    "a GraphQL variable of another name": (
        "graphql",
        "POST shop.internal:4000/graphql",
        {
            "query": "mutation($s: String) { createCustomer(input: {ssn: $s}) { id } }",
            "variables": {"s": "canary"},
        },
        "requirement_failed",
    ),
    "a GraphQL query for a sealed field": (
        "graphql",
        "POST shop.internal:4000/graphql",
        {
            "query": "query($ssn: String) { customers(ssn: $ssn) { id } }",
            "variables": {"ssn": "canary"},
        },
        "not_searchable",
    ),
    "a filter in the query": (
        "directus",
        "GET directus.internal:8055/items/customers?filter[passport][_eq]=canary",
        {},
        "not_searchable",
    ),
    "a document whose id the store would make up": (
        "couchdb",
        "POST couchdb.internal:5984/crm",
        {"ssn": "canary"},
        "unbound",
    ),
    "a selector with an operator": (
        "couchdb",
        "POST couchdb.internal:5984/crm/_find",
        {"selector": {"email": {"$gt": "canary"}}},
        "unexpected_shape",
    ),
    "an id that is not the one in the path": (
        "crm",
        "PUT crm.internal:8080/customers/1",
        {"id": 2, "ssn": "canary"},
        "unbound",
    ),
}


@pytest.mark.parametrize(
    ("name", "request_line", "body", "code"), REFUSED.values(), ids=list(REFUSED)
)
async def test_what_would_pass_a_value_by_the_rules_is_refused(
    rig: Rig, request_line: str, body: object, code: str
) -> None:
    refused = await rig.seal(Exchange(request_line, body))

    assert isinstance(refused, Refusal)
    assert refused.code == code
    assert b"canary" not in refused.body


async def test_a_search_in_the_query_is_sealed() -> None:
    rig = await rig_of("crm")
    request = "GET crm.internal:8080/customers?email=Canary%40Example.com&sort=name"

    sealed = await rig.transform.seal_request(rig.hold(request), b"")

    assert isinstance(sealed, Sealed)
    assert sealed.head.target.startswith(b"/customers?email=enc:1:")
    assert sealed.head.target.endswith(b"&sort=name")
    written = await rig.seal(
        Exchange("PUT crm.internal:8080/customers/1", {"email": " canary@example.COM"})
    )
    assert isinstance(written, Sealed)
    found = sealed.head.target.decode().split("email=")[1].split("&")[0]
    assert json.loads(written.body) == {"email": found}
    await rig.keyring.aclose()
