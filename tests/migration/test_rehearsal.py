# SPDX-License-Identifier: Apache-2.0
"""A description that would let a value through in clear never writes a record."""

import pytest

from sidecar.errors import Misconfigured
from sidecar.migration.rehearsal import rehearse
from sidecar.rules import Documents, Mode, Requirement
from tests.migration.rig import SIMPLE, Rig
from tests.rules import samples

STATEMENT = """\
version: 1
rule: customers
list: {request: "GET /customers?page={page}", page: {by: number}}
write: {request: POST /command, guard: none, body: '@BODY@'}
"""


def rehearsed(rig: Rig, text: str) -> None:
    collection = rig.collection(text)
    assert collection.description.writing is not None
    rehearse(collection, collection.description.writing.request)


def body(text: str) -> str:
    return STATEMENT.replace("@BODY@", text)


async def test_whole_records_and_statements_are_sealed(rig: Rig) -> None:
    rehearsed(rig, SIMPLE)
    rehearsed(rig, body('{"id": "{id}", "ssn": "{ssn}", "was": "{stored ssn}"}'))


async def test_fields_of_every_shape_are(rig: Rig) -> None:
    fields = (*rig.more_fields("a.ssn", "cards[*].number"), samples.field("notes", Mode.JSON))
    rig.rule = rig.make_rule(fields=fields, tenant_header="x-tenant-id")
    rehearsed(rig, SIMPLE + "tenant: {value: acme}\n")
    text = body('{"id": "{id}", "a": "{a}", "cards": "{cards}", "notes": "{notes}"}')
    rehearsed(rig, text + "tenant: {value: acme}\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"id": "{id}", "ssn": "{ssn}", "log": "{ssn}"}', "'ssn' stands where .* seals it not"),
        ('{"id": "{id}", "ssm": "{ssn}"}', "'ssn' stands where .* seals it not"),
        ('{"set": {"ssn": "{ssn}"}}', "'ssn' stands where .* seals it not"),
        ('{"set": "{$}"}', "'ssn' stands where .* seals it not"),
        ('{"id": "{id}", "ssn": "{stored ssn}"}', "would be sealed and not compared"),
        ('{"id": "{id}"}', "'ssn' is left out"),
        ('{"id": "{id}", "SSN": "{ssn}", "ssn": "{ssn}"}', "the rule refuses it: "),
    ],
)
async def test_what_would_go_in_clear_is_told(rig: Rig, text: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        rehearsed(rig, body(text))


async def test_a_write_that_no_route_holds_is_told(rig: Rig) -> None:
    with pytest.raises(Misconfigured, match="no route of it holds this request"):
        rehearsed(rig, SIMPLE.replace("PUT /customers/", "PUT /clients/"))
    with pytest.raises(Misconfigured, match="as malformed"):
        rehearsed(rig, SIMPLE.replace("PUT /customers/", "PUT /Customers/"))


async def test_a_body_is_what_the_description_says(rig: Rig) -> None:
    """A patch of another kind would be refused, or would not be read as the store reads it."""
    text = SIMPLE.replace("PUT", "PATCH")
    rehearsed(rig, text + "headers: {Content-Type: application/merge-patch+json}\n")
    with pytest.raises(Misconfigured, match="the rule refuses it"):
        rehearsed(rig, text + "headers: {Content-Type: image/png}\n")


async def test_the_rule_s_own_requirements_hold(rig: Rig) -> None:
    places = Documents((samples.field("params").path,), Documents().response)
    need = Requirement.compile(samples.field("q").path, "[^'\"]*")
    rig.rule = rig.make_rule(documents=places, require=(need,))
    rehearsed(rig, body('{"q": "SET ssn = :ssn", "params": {"id": "{id}", "ssn": "{ssn}"}}'))
    with pytest.raises(Misconfigured, match="does not match what the rule requires"):
        rehearsed(rig, body('{"q": "SET a = \\"b\\"", "params": {"ssn": "{ssn}"}}'))


async def test_names_of_two_fields_may_not_be_exchanged(rig: Rig) -> None:
    rig.rule = rig.make_rule(fields=rig.more_fields("ssn", "city"))
    with pytest.raises(Misconfigured, match="seals it not"):
        rehearsed(rig, body('{"id": "{id}", "ssn": "{city}", "city": "{ssn}"}'))
