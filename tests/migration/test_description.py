# SPDX-License-Identifier: Apache-2.0
"""Descriptions are read strictly, and have to suit their rule."""

from pathlib import Path

import httpx
import pytest

from sidecar.errors import Misconfigured
from sidecar.keys import Keyring
from sidecar.keys.providers.memory import MemoryProvider
from sidecar.migration import bind, read_description
from sidecar.migration import description as module
from sidecar.migration.description import Tenant
from sidecar.migration.paging import ByCursor, ByLast, ByLink, ByNumber, ByOffset, OnePage
from sidecar.migration.slots import Slot
from sidecar.rules import Documents, Rule, RuleSet
from tests.migration.rig import SIMPLE
from tests.rules import samples


def described(tmp_path: Path, text: str) -> module.Description:
    path = tmp_path / "customers.yaml"
    path.write_text(text)
    return read_description(path)


def bound(tmp_path: Path, text: str, rule: Rule | None = None) -> None:
    chosen = rule or samples.rule("/customers", "/customers/{id}", record="id")
    bind(described(tmp_path, text), RuleSet((chosen,)), Keyring(MemoryProvider("alias/customers")))


def listed(page: str, request: str = "GET /c") -> str:
    return f"version: 1\nrule: customers\nlist: {{request: '{request}', page: {{{page}}}}}\n"


def counting(body: str) -> str:
    head = SIMPLE.partition("read:")[0]
    return f"{head}write: {{request: POST /command, body: '{body}', changed: count}}\n"


WHOLE = """\
version: 1
rule: customers
store: https://crm.internal:8443
ca: store-ca.pem
headers: {X-Reason: sealing}
tenant: {value: acme}
list:
  request: POST /query
  body: '{"last": "{last}"}'
  records: "$.rows[*]"
  page: {by: last, member: id, first: '""'}
document: data
read: {request: "GET /customers/{id}", record: "$.found"}
write:
  request: POST /command
  body: '{"ssn": "{ssn}", "was": "{stored ssn}", "id": "{id}"}'
  changed: "$.count"
concurrency: 3
rate: 200
"""


def test_everything_there_is(tmp_path: Path) -> None:
    found = described(tmp_path, WHOLE)
    assert found.store == httpx.URL("https://crm.internal:8443")
    assert found.ca == tmp_path / "store-ca.pem"
    assert found.headers == ((b"X-Reason", b"sealing"),)
    assert found.tenant == Tenant("acme")
    assert found.listing.paging == ByLast(samples.field("id").path, b'""')
    assert found.listing.records == samples.field("rows").path / Documents().request[1]
    assert found.writing is not None
    assert found.writing.request.slots == {Slot("ssn"), Slot("ssn", is_stored=True), Slot("id")}
    assert (str(found.document), found.concurrency, found.rate) == ("data", 3, 200)


def test_the_help_tells_every_word_of_it() -> None:
    told = module.__doc__ or ""
    for line in WHOLE.splitlines():
        assert line.strip().partition(":")[0].strip("{' ") in told


@pytest.mark.parametrize(
    ("page", "request_line", "paging"),
    [
        ("by: number", "GET /c?p={page}", ByNumber()),
        ("by: number, first: 0", "GET /c?p={page}", ByNumber(b"0")),
        ("by: offset", "GET /c?o={offset}", ByOffset()),
        ("by: cursor, at: next", "GET /c?c={cursor}", ByCursor(samples.field("next").path)),
    ],
)
def test_ways_to_list(tmp_path: Path, page: str, request_line: str, paging: object) -> None:
    assert described(tmp_path, listed(page, request_line)).listing.paging == paging


def test_links_and_one_page_take_no_slot(tmp_path: Path) -> None:
    assert described(tmp_path, listed("by: link")).listing.paging == ByLink()
    found = described(tmp_path, listed("by: link, at: next"))
    assert found.listing.paging == ByLink(samples.field("next").path)
    text = "version: 1\nrule: customers\nlist: {request: 'GET /c'}\n"
    assert isinstance(described(tmp_path, text).listing.paging, OnePage)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SIMPLE.replace("version: 1", "version: 2"), "customers.yaml:1:10: '2' is not a word here"),
        (SIMPLE.replace("list:", "lists:"), "'list' is missing; is it meant by 'lists'"),
        (SIMPLE + "retries: 3\n", "unknown key 'retries'"),
        (SIMPLE.replace("{page}", "1"), "this listing takes {page}"),
        (listed("by: number", "GET /c?p={page}&o={offset}"), "takes {page} in its request"),
        (listed("by: link", "GET /c?p={page}"), "takes no slot"),
        (listed("by: pages"), "'pages' is not a word here"),
        (listed("by: cursor", "GET /c?c={cursor}"), "'at' is missing"),
        (SIMPLE + "store: crm.internal:8080\n", "expected http://HOST:PORT"),
        (SIMPLE + "store: http://crm.internal/api\n", "without a path"),
        (SIMPLE + "tenant: {value: a, member: b}\n", "either a `value` or a `member`"),
        (SIMPLE + "tenant: {}\n", "either a `value` or a `member`"),
        (SIMPLE + "headers: {Authorization: {file: none}}\n", "cannot be read"),
        (SIMPLE.replace("PUT /customers", "PUT customers"), "expected a request"),
        (SIMPLE + "concurrency: 0\n", "from 1 to 256"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(Misconfigured) as error:
        described(tmp_path, text)
    assert why in error.value.why
    assert "customers.yaml" in error.value.why


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("Bearer x")
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 600"):
        described(tmp_path, SIMPLE + "headers: {Authorization: {file: token}}\n")


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
