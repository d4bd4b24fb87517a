# SPDX-License-Identifier: Apache-2.0
"""Descriptions have to suit their rule."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.keys import Keyring
from sidecar.keys.providers.memory import MemoryProvider
from sidecar.migration import bind
from sidecar.rules import Documents, Rule, RuleSet
from tests.migration.descriptions import described, listed
from tests.migration.rig import SIMPLE
from tests.rules import samples


def bound(tmp_path: Path, text: str, rule: Rule | None = None) -> None:
    chosen = rule or samples.rule("/customers", "/customers/{id}", record="id")
    bind(described(tmp_path, text), RuleSet((chosen,)), Keyring(MemoryProvider("alias/customers")))


def counting(body: str) -> str:
    head = SIMPLE.partition("read:")[0]
    return f"{head}write: {{request: POST /command, body: '{body}', changed: count}}\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SIMPLE.replace("rule: customers", "rule: custmers"), "did you mean 'customers'"),
        (SIMPLE + "tenant: {value: acme}\n", "binds to no tenant"),
        (SIMPLE + "store: http://elsewhere:80\n", "does not name elsewhere:80"),
        (SIMPLE.replace("{id}", "{ssn}"), "'ssn' is a protected field"),
        (SIMPLE.replace("{id}", "{tags[*]}"), "may be many"),
        (SIMPLE.replace("{id}", "{not-a-path}"), "customers.yaml: at 'not-a-path'"),
        (
            listed("by: last, member: ssn", "GET /c?a={last}"),
            "'ssn' is a protected field; it can neither order a listing",
        ),
        (SIMPLE.replace('read: {request: "GET /customers/{id}"}\n', ""), "nothing keeps a write"),
        (counting('{"id": "{id}", "ssn": "{ssn}"}'), "look for `{stored ssn}`, or for"),
        (counting('{"id": "{stored id}", "ssn": "{ssn}"}'), "look for `{stored ssn}`"),
        (counting('{"doc": "{$}", "was": "{stored ssn}"}'), "look for `{stored $}`"),
    ],
)
def test_what_does_not_suit_the_rule_is_told(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(Misconfigured) as error:
        bound(tmp_path, text)
    assert why in error.value.why


@pytest.mark.parametrize(
    "body",
    [
        '{"id": "{id}", "ssn": "{ssn}", "was": "{stored ssn}"}',
        '{"id": "{id}", "ssn": "{ssn}", "version": "{stored version}"}',
        '{"doc": "{$}", "was": "{stored $}"}',
        '{"doc": "{$}", "version": "{stored meta.version}"}',
    ],
)
def test_a_statement_that_compares_may_count(tmp_path: Path, body: str) -> None:
    bound(tmp_path, counting(body), samples.rule("/command", "/customers", record="id"))


def test_a_rule_that_binds_to_tenants_needs_one(tmp_path: Path) -> None:
    rule = samples.rule("/customers/{id}", record="id", tenant_header="x-tenant-id")
    with pytest.raises(Misconfigured, match="say `tenant:"):
        bound(tmp_path, SIMPLE, rule)
    bound(tmp_path, SIMPLE + "tenant: {value: acme}\n", rule)


def test_among_several_places_one_has_to_be_named(tmp_path: Path) -> None:
    paths = tuple(samples.field(text).path for text in ("a", "b"))
    rule = samples.rule("/customers/{id}", record="id", documents=Documents(paths, paths))
    with pytest.raises(Misconfigured, match="say `list: records`"):
        bound(tmp_path, SIMPLE, rule)
    text = SIMPLE.replace("page: {by", "records: a, page: {by").replace(
        'customers/{id}"}\nwrite', 'customers/{id}", record: a}\nwrite'
    )
    bound(tmp_path, text, rule)


def test_a_rule_of_whole_bodies_has_no_records(tmp_path: Path) -> None:
    rule = samples.rule("/customers/{id}", record="id", fields=(samples.field("$"),))
    with pytest.raises(Misconfigured, match="no field inside of records"):
        bound(tmp_path, SIMPLE.partition("read:")[0], rule)
