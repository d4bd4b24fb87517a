# SPDX-License-Identifier: Apache-2.0
"""A GraphQL server behind the proxy: applications see plain values, the server never does."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from sidecar.fieldpath import FieldPath
from sidecar.rules import Documents, Mode, Rule, Store
from sidecar.transform import Transform
from tests.proxy.rig import serving
from tests.rules import samples
from tests.stores.graphql import GraphqlServer, graphql_server
from tests.transform.rig import Rig as Keys

SSN = "CANARY-078-05-1120"
CARD = "4929 6421 0075 8113"
CANARIES = (b"CANARY", b"4929 6421", b"ada@example.com")
REQUEST = ("$.variables", "$.variables.input", "$.variables.customers[*]")
RESPONSE = (
    "$.data.customer",
    "$.data.customers[*]",
    "$.data.customerList.edges[*].node",
    "$.data.createCustomer",
    "$.data.createCustomers[*]",
    "$.data.setSsn",
)
CREATE = """
    mutation Create($input: CustomerInput!) {
      createCustomer(input: $input) { ...Whole }
    }
    fragment Whole on Customer { id name ssn email card notes }
"""
ADA = {"name": "Ada", "ssn": SSN, "email": "ada@example.com", "card": CARD, "notes": [SSN, 1.5]}


@pytest.fixture
def server() -> Iterator[GraphqlServer]:
    with graphql_server() as server:
        yield server
        for canary in CANARIES:
            assert not any(canary in body for body in server.received)


class Application:
    """An ordinary client, which knows nothing of the proxy but its address."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self.http, self.url = http, url

    async def post(self, content: object, tenant: str = "acme") -> httpx.Response:
        return await self.http.post(self.url, json=content, headers={"X-Tenant-Id": tenant})

    async def ask(self, query: str, **variables: Any) -> Any:
        answer = await self.post({"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]


def rule(keys: Keys, port: int) -> Rule:
    return keys.rule(
        samples.field("ssn"),
        samples.field("email", Mode.EQUALITY, normalize=("trim", "lower")),
        samples.field("card", Mode.DIGITS, keep_last=4),
        samples.field("notes", Mode.JSON),
        store=Store("crm", "graphql", (f"127.0.0.1:{port}",)),
        routes=("/graphql",),
        record=None,
        documents=Documents(
            tuple(map(FieldPath.parse, REQUEST)), tuple(map(FieldPath.parse, RESPONSE))
        ),
    )


@pytest.fixture
async def application(server: GraphqlServer) -> AsyncIterator[Application]:
    keys = await Keys.start()
    transform = Transform(samples.plan(rule(keys, server.port)), keys.keyring)
    async with serving(server, transform) as proxy, httpx.AsyncClient() as http:
        address = proxy.host.addresses[0]
        yield Application(http, f"http://{address[0]}:{address[1]}/graphql")
    await keys.keyring.aclose()


async def test_what_is_written_is_read_and_found_again(
    application: Application, server: GraphqlServer
) -> None:
    made = (await application.ask(CREATE, input=ADA))["createCustomer"]
    assert made == {"id": "1", **ADA}
    kept = server.shop.kept["1"]
    assert all(kept[name].startswith("enc:1:") for name in ("ssn", "email", "notes"))
    assert kept["card"] != CARD
    assert kept["name"] == "Ada"
    read = await application.ask("query($id: ID!) { customer(id: $id) { ssn card } }", id="1")
    assert read == {"customer": {"ssn": SSN, "card": CARD}}
    find = "query($email: String) { customers(email: $email) { name email } }"
    found = await application.ask(find, email=" ADA@example.com")
    assert found == {"customers": [{"name": "Ada", "email": "ada@example.com"}]}
    listed = await application.ask("{ customerList { edges { node { ssn } } } }")
    assert listed == {"customerList": {"edges": [{"node": {"ssn": SSN}}]}}


async def test_lists_of_customers_and_of_operations(application: Application) -> None:
    many = (
        "mutation($customers: [CustomerInput!]!) { createCustomers(customers: $customers) {ssn} }"
    )
    made = await application.ask(many, customers=[{"ssn": SSN}, {"ssn": None}, {"name": "x"}])
    assert made == {"createCustomers": [{"ssn": SSN}, {"ssn": None}, {"ssn": None}]}
    change = "mutation($ssn: String) { setSsn(id: 2, ssn: $ssn) { id ssn } }"
    both = [
        {"query": change, "variables": {"ssn": SSN + "2"}},
        {"query": "{ customer(id: 2) { ssn } }"},
    ]
    answers = (await application.post(both)).json()
    assert [each["data"] for each in answers] == [
        {"setSsn": {"id": "2", "ssn": SSN + "2"}},
        {"customer": {"ssn": SSN + "2"}},
    ]


async def test_errors_of_the_server_are_told_as_they_are(application: Application) -> None:
    answer = await application.post({"query": "{ nothing }"})
    assert (answer.status_code, "nothing" in answer.json()["errors"][0]["message"]) == (200, True)


ATTACKS = {
    "a literal": ('mutation { setSsn(id: 1, ssn: "@") { id } }', {}),
    "a block string": ('mutation { setSsn(id: 1, ssn: """@""") { id } }', {}),
    "a literal in an object": ('mutation { createCustomer(input: {ssn: "@"}) { id } }', {}),
    "a literal by a filter": ('{ customers(where: {field: "ssn", eq: "@"}) { id } }', {}),
    "a literal in a fragment": (
        '{ ...F } fragment F on Query { customers(email: "@") { id } }', {},
    ),
    "a literal in another operation": (
        'query A { customerList { edges { node { id } } } } query B { customers(email: "@") {id} }',
        {},
    ),
    "a default": ('mutation($ssn: String = "@") { setSsn(id: 1, ssn: $ssn) { id } }', {}),
    "a default object": (
        'mutation($x: CustomerInput = {ssn: "@"}) { createCustomer(input: $x) { id } }', {},
    ),
    "a variable of another name": (
        "mutation($s: String) { setSsn(id: 1, ssn: $s) { id } }", {"s": "@"},
    ),
    "an object of another name": (
        "mutation($data: CustomerInput!) { createCustomer(input: $data) { id } }",
        {"data": {"ssn": "@"}},
    ),
    "an object that nobody uses": ("{ customer(id: 1) { id } }", {"data": {"ssn": "@"}}),
    "an object in an object": (CREATE, {"input": {"more": {"ssn": "@"}}}),
    "a text of variables": (CREATE, '{"input": {"ssn": "@"}}'),
    "a name in another case": (CREATE, {"input": {"SSN": "@"}}),
    "a search for what is sealed": (
        "query($ssn: String) { customers(ssn: $ssn) { id } }", {"ssn": "@"},
    ),
    "a sealed value for another field": (
        "mutation($ssn: String) { createCustomer(input: {name: $ssn}) { id } }", {"ssn": "@"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("query", "variables"), ATTACKS.values(), ids=ATTACKS)
async def test_no_canary_reaches_the_server(
    application: Application, server: GraphqlServer, query: str, variables: object
) -> None:
    content = json.dumps({"query": query, "variables": variables}).replace("@", SSN)
    answer = await application.post(json.loads(content))
    assert 400 <= answer.status_code < 500
    assert "CANARY" not in answer.text
    assert answer.json()["errors"][0]["extensions"]["rule"] == "customers"
    assert server.received == []


READS = {
    "an alias": "{ customer(id: 1) { name: ssn } }",
    "an alias at the root": "{ me: customer(id: 1) { ssn } }",
    "an alias in a fragment": "{ customer(id: 1) { ...F } } fragment F on Customer { x: ssn }",
    "a place that the rule does not name": "{ customer(id: 2) { friends { ssn } } }",
    "digits where the rule does not name them": "{ customer(id: 2) { friends { card } } }",
    "digits under another name": "{ customer(id: 1) { name: card } }",
}


@pytest.mark.parametrize("query", READS.values(), ids=READS)
async def test_what_is_sealed_is_not_handed_out_as_if_it_were_the_value(
    application: Application, server: GraphqlServer, query: str
) -> None:
    await application.ask(CREATE, input=ADA)
    await application.ask(CREATE, input={"name": "Bob"})
    kept = server.shop.kept["1"]
    answer = await application.post({"query": query})
    assert answer.status_code in {403, 422}
    assert not any(kept[name] in answer.text for name in ("ssn", "card"))


async def test_another_tenant_does_not_open_it(application: Application) -> None:
    await application.ask(CREATE, input=ADA)
    answer = await application.post({"query": "{ customer(id: 1) { ssn } }"}, tenant="globex")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["extensions"]["code"] == "cannot_open"
