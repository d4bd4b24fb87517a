# SPDX-License-Identifier: Apache-2.0
"""What an account of an exchange tells: the transform's own verdict, the sites, and no value."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from sidecar.message import ResponseHead
from sidecar.recorded import Answer, Exchange, read_raw
from sidecar.rehearsal.account import Account, Context
from sidecar.rehearsal.telling import give_accounts
from sidecar.rehearsal.trials import read_cases
from sidecar.rules import Phase, RuleSet, parse_rules, read_files, read_rules
from tests.rehearsal.test_shapes import SEALED

FOLDER = Path(__file__).parents[2] / "rules"
STEMS = sorted(path.stem for path in FOLDER.iterdir() if not path.match("*.test.yaml"))
RULES = read_rules(FOLDER / "crm.yaml")
BODY = {
    "id": "c1",
    "ssn": "canary-078",
    "email": None,
    "cards": [{"number": "4111 1111 1111 1111"}, {"number": "4111 1111 1111 1112"}],
}


async def account_for(rules: RuleSet, exchange: Exchange, *, show_values: bool = False) -> Account:
    (account,) = await give_accounts(rules, [exchange], show_values=show_values)
    return account


def put(
    body: object = BODY, path: str = "/customers/c1", media: str = "application/json"
) -> Exchange:
    head = f"PUT {path} HTTP/1.1\nHost: crm.internal:8080\nX-Tenant-Id: acme\nContent-Type: {media}"
    return read_raw(f"{head}\n\n{json.dumps(body)}".encode())


def get(answer: object, status: int = 200) -> Exchange:
    head = b"GET /customers/c1\nHost: crm.internal:8080\nX-Tenant-Id: acme\n\n"
    headers = ((b"Content-Type", b"application/json"),)
    return read_raw(head)._replace(
        answer=Answer(ResponseHead(status, b"", headers), json.dumps(answer).encode())
    )


def no_canary(account: Account) -> None:
    assert "canary" not in repr(account)
    assert "4111" not in repr(account)


async def test_every_site_is_told_with_what_it_is_bound_to() -> None:
    account = await account_for(RULES, put())
    no_canary(account)
    assert (account.rule, account.phase, account.path) == (
        "crm-customers",
        "enforce",
        "/customers/{…}",
    )
    assert account.request.outcome == "sealed"
    ssn, one, two = account.request.sites[:1] + account.request.sites[-2:]
    assert (ssn.before, ssn.after[:9]) == ("a text of 10 characters", "enc:1:… o")
    assert ssn.context == Context("crm", "crm-customers", "ssn", "acme", "c1")
    assert one.after == two.after == "a text of 19 characters"
    assert one.context.record == ""
    assert {site.before: site.after for site in account.request.sites}["null"] == "null"
    assert account.absent == {"notes": []}


async def test_bodies_that_come_compressed_are_told_as_any_others() -> None:
    plain = put()
    coding = (b"Content-Encoding", b"gzip")
    head = structs.replace(plain.head, headers=(*plain.head.headers, coding))
    account = await account_for(RULES, Exchange(head, gzip.compress(plain.body)))
    told = await account_for(RULES, plain)
    assert account.request.outcome == "sealed"
    assert [site.before for site in account.request.sites] == [
        site.before for site in told.request.sites
    ]
    answer = get({"id": "c1", "ssn": SEALED}).answer
    assert answer is not None
    sealed = Answer(
        structs.replace(answer.head, headers=(*answer.head.headers, coding)),
        gzip.compress(answer.body),
    )
    told = await account_for(RULES, get({})._replace(answer=sealed))
    assert told.answer is not None
    assert [site.path for site in told.answer.sites] == ["ssn"]


async def test_values_are_shown_to_whoever_asks() -> None:
    account = await account_for(RULES, put(), show_values=True)
    assert account.request.sites[0].value == '"canary-078"'
    assert account.path == "/customers/c1"


async def test_a_refusal_is_the_one_that_the_client_would_get() -> None:
    account = await account_for(RULES, put({"id": "c2", "ssn": "canary"}))
    no_canary(account)
    assert account.request.refused is not None
    assert (account.request.refused.status, account.request.refused.code) == (400, "unbound")
    assert account.rule == "crm-customers"


@pytest.mark.parametrize("path", ["/Customers/c1", "/customers/%2e%2e"])
async def test_a_path_that_looks_alike_is_told_as_refused(path: str) -> None:
    account = await account_for(RULES, put(path=path))
    assert (account.rule, account.request.outcome) == ("", "refused")
    assert set(account.others) == {"crm-customers", "crm-invoices"}


async def test_a_missing_tenant_is_refused_by_the_rule_that_asks_for_it() -> None:
    exchange = put()
    headers = tuple(line for line in exchange.head.headers if line[0] != b"X-Tenant-Id")
    exchange = exchange._replace(head=structs.replace(exchange.head, headers=headers))
    account = await account_for(RULES, exchange)
    assert account.rule == "crm-customers"
    assert account.request.refused is not None
    assert account.request.refused.code == "unbound"


async def test_a_member_that_passes_in_clear_is_found() -> None:
    account = await account_for(RULES, put({"id": "c1", "customer": [{"ssn": "canary"}]}))
    no_canary(account)
    assert account.absent["ssn"] == ["customer[*].ssn"]
    assert account.request.outcome == "unchanged"


async def test_where_no_rule_holds_each_says_why() -> None:
    account = await account_for(RULES, put(path="/orders/canary").sent_to("crm.internal:9090"))
    no_canary(account)
    assert account.rule == ""
    assert account.nearest_host == "crm.internal:8080"
    assert account.others["crm-customers"] == "it is for crm.internal:8080"


async def test_rules_that_only_watch_are_told_as_if_they_enforced() -> None:
    watching = RuleSet(tuple(replace(rule, phase=Phase.MONITOR) for rule in RULES.rules))
    account = await account_for(watching, put())
    assert (account.phase, account.request.outcome) == ("monitor", "sealed")


async def test_an_answer_in_clear_is_what_enforcing_refuses() -> None:
    account = await account_for(RULES, get({"id": "c1", "ssn": "canary"}))
    no_canary(account)
    assert account.answer is not None
    assert account.answer.refused is not None
    assert account.answer.refused.code == "unsealed_stored_value"

    migrating = RuleSet(
        (replace(RULES.rules[1], phase=Phase.MIGRATE, routes=RULES.rules[0].routes),)
    )
    account = await account_for(migrating, get({"id": "c1", "iban": "canary"}))
    assert account.answer is not None
    assert [site.after for site in account.answer.sites] == ["as it is: it was never sealed"]


async def test_sealed_answers_are_told_without_their_key() -> None:
    account = await account_for(RULES, get({"id": "c1", "ssn": SEALED, "email": None}))
    assert account.answer is not None
    assert [site.after for site in account.answer.sites] == [
        "opened, if it was sealed for this place",
        "null",
    ]


async def test_a_plain_value_beside_a_sealed_one_is_refused_all_the_same() -> None:
    account = await account_for(RULES, get({"id": "c1", "ssn": SEALED, "notes": "canary"}))
    no_canary(account)
    assert account.answer is not None
    assert [site.after for site in account.answer.sites] == [
        "opened, if it was sealed for this place",
        "refused: it was never sealed",
    ]
    assert account.answer.outcome == "refused"


async def test_a_broken_envelope_in_an_answer_is_told() -> None:
    account = await account_for(RULES, get({"id": "c1", "ssn": "enc:1:broken"}))
    assert account.answer is not None
    assert account.answer.sites[0].after == "refused: a broken envelope"


async def test_a_long_list_is_told_whole() -> None:
    records = [{"id": number, "ssn": "canary"} for number in range(200)]
    account = await account_for(RULES, put(records, path="/customers"))
    assert [site.context.record for site in account.request.sites] == [str(n) for n in range(200)]


@pytest.mark.parametrize("stem", STEMS)
async def test_no_account_of_any_example_tells_a_value(stem: str) -> None:
    """Law 5, with every request of the examples' own cases."""
    files = read_files(FOLDER / f"{stem}.yaml", FOLDER / f"{stem}.test.yaml")
    exchanges = [case.request for case in read_cases(files)]
    hidden = await give_accounts(parse_rules(files), exchanges)
    shown = await give_accounts(parse_rules(files), exchanges, show_values=True)
    values = {site.value for account in shown for site in account.request.sites}
    telling = {value for value in values if len(value) >= 6}
    assert telling
    for account in hidden:
        assert [value for value in telling if value.strip('"') in repr(account)] == []
