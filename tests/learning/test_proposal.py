# SPDX-License-Identifier: Apache-2.0
"""What is proposed: routes, documents, fields, bindings; always rules that can hold."""

from pathlib import Path

import pytest

from sidecar.learning import Traffic, propose
from sidecar.rules import Mode, Phase, RuleFile, parse_rules
from tests.learning.rig import HOST, as_file, ask, kinds, learned, only_rule, read

TENANT = ((b"X-Tenant-Id", b"acme"),)


def customer(number: int) -> dict[str, object]:
    return {
        "id": f"C-{number}",
        "email": f"user{number}@example.org",
        "card": {"number": "4111111111111111"},
        "phones": [f"+4420794609{number:02d}"],
        "balance": 12.5 + number,
        "active": True,
    }


def crud(number: int) -> list[tuple[object, ...]]:
    document = customer(number)
    return [
        ("POST /api/v1/customers", document, document, TENANT, 201),
        (f"GET /api/v1/customers/C-{number}", None, document, TENANT),
        (
            f"GET /api/v1/customers?email=user{number}%40example.org",
            None,
            {"items": [document], "total": 1},
            TENANT,
        ),
        (f"GET /api/v1/products/{number}", None, {"id": number, "name": "Red Chair"}, TENANT),
    ]


def test_a_crud_api_becomes_one_rule_that_the_language_takes() -> None:
    proposal = learned(each for number in range(20) for each in crud(number))
    (rule,) = read(as_file(proposal)).rules
    assert rule.name == "customers"
    assert rule.store == ("crm", "rest", (HOST,))
    assert [str(route) for route in rule.routes] == ["/api/v1/customers", "/api/v1/customers/{id}"]
    assert (rule.tenant_header, rule.record, rule.phase) == ("x-tenant-id", "id", Phase.MONITOR)
    assert {str(item.path): item.mode for item in rule.fields} == {
        "card.number": Mode.SEALED,
        "email": Mode.EQUALITY,
        "phones[*]": Mode.SEALED,
    }
    assert [str(path) for path in rule.documents.response] == ["$", "items[*]"]
    assert proposal.rejected == ()


def test_ids_that_look_like_words_name_the_record_too() -> None:
    """They turn out to be data when all is seen, and stood in the path from the first one on."""

    def put(number: int) -> tuple[object, ...]:
        name = f"c{number}"
        return (f"PUT /customers/{name}", customer(number) | {"id": name}, None, TENANT)

    (rule,) = read(as_file(learned(put(number) for number in range(10)))).rules
    assert [str(route) for route in rule.routes] == ["/customers/{id}"]
    assert rule.record == "id"


def test_it_says_why_and_how_sure_it_is() -> None:
    text = as_file(learned(each for number in range(20) for each in crud(number)))
    assert "# email 100%: 80 of 80 values look like an e-mail address; the name says so" in text
    assert "looked for in 20 queries" in text
    assert "x-tenant-id}  # on all 60 requests" in text
    assert "sidecar rules lookup-key --cmk alias/crm --store crm" in text


def test_nothing_sensitive_proposes_nothing() -> None:
    proposal = learned((f"GET /things/{n}", None, {"id": n, "sku": f"AB-{n}"}) for n in range(9))
    assert proposal.rules == ()
    assert "Nothing in it looks sensitive" in as_file(proposal)


def test_an_id_that_the_store_makes_up_binds_nothing() -> None:
    """A rule that wanted it would refuse every new record."""
    rule = only_rule(
        learned(
            ("POST /leads", {"email": f"a{n}@example.org"}, {"id": n, "email": f"a{n}@example.org"})
            for n in range(5)
        )
    )
    assert rule.record.name is None
    assert "5 of 5 documents in requests of /leads lacked 'id'" in rule.record.why


def test_an_id_in_the_path_counts_where_it_is_always_the_documents() -> None:
    rule = only_rule(
        learned(
            (f"PUT /leads/L{n}x{n}", {"email": "a@example.org"},
             {"lead_id": f"L{n}x{n}", "email": "a@example.org"})
            for n in range(10, 15)
        )
    )  # fmt: skip
    assert rule.record.name == "lead_id"
    assert rule.routes == ("/leads/{lead_id}",)


def test_a_path_variable_that_is_another_id_gets_another_name() -> None:
    rule = only_rule(
        learned(
            (f"PUT /accounts/4{n}/owners", {"id": f"O{n}", "email": "a@example.org"})
            for n in range(10, 15)
        )
    )
    assert rule.record.name == "id"
    assert rule.routes == ("/accounts/{id_2}/owners",)


def test_a_tenant_that_some_requests_lack_is_not_bound_to() -> None:
    exchanges = [("POST /leads", {"email": "a@example.org"}, None, TENANT) for _ in range(4)]
    rule = only_rule(learned([*exchanges, ("POST /leads", {"email": "b@example.org"})]))
    assert rule.tenant == (None, "only 4 of 5 requests had x-tenant-id")


def test_routes_that_meet_in_one_request_become_one_rule() -> None:
    proposal = learned(
        exchange
        for n in range(10, 15)
        for exchange in (
            (f"GET /users/{n}", None, {"email": f"a{n}@example.org"}),
            ("POST /users/search", None, [{"email": f"a{n}@example.org"}]),
        )
    )
    assert proposal.rejected == ()
    rule = only_rule(proposal)
    assert "/users/{id}" in rule.routes


def test_overlapping_places_are_not_both_named() -> None:
    proposal = learned(
        ("POST /leads", body)
        for n in range(9)
        for body in ({"contact": f"a{n}@example.org"}, {"contact": {"email": f"b{n}@example.org"}})
    )
    assert kinds(only_rule(proposal)) == {"contact.email": "email"}
    read(as_file(proposal))


def test_numbers_are_pointed_out() -> None:
    rule = only_rule(learned(("POST /users", {"mobile": 13800138000 + n}) for n in range(8)))
    assert kinds(rule) == {"mobile": "chinese_phone"}
    assert "the store must take texts there" in as_file(
        learned(("POST /users", {"mobile": 13800138000 + n}) for n in range(8))
    )


def test_values_in_paths_and_foreign_parameters_are_warned_of() -> None:
    rule = only_rule(
        learned(
            (f"GET /users/by-email/a{n}%40example.org?notify=b{n}%40example.org", None,
             {"email": f"a{n}@example.org"})
            for n in range(30)
        )
    )  # fmt: skip
    assert any("an e-mail address in its path" in warning for warning in rule.warnings)
    assert any("query parameter 'notify'" in warning for warning in rule.warnings)


def test_bodies_that_no_codec_reads_are_counted() -> None:
    strange = ((b"Content-Type", b"application/x-protobuf"),)
    rule = only_rule(
        learned(
            [
                *((("POST /users", {"email": "a@example.org"})) for _ in range(3)),
                ("POST /users", b"\x08\x01", None, strange),
            ]
        )
    )
    assert rule.warnings == (
        "of /users 1 body in requests could not be read (application/x-protobuf)",
    )


def test_errors_of_the_store_teach_nothing() -> None:
    traffic = Traffic()
    for n in range(9):
        ask(traffic, "GET /users/1", None, {"email": f"a{n}@example.org"}, status=404)
    assert propose(traffic).rules == ()


KNOWN = """\
version: 1
rules:
  - name: people
    store: {name: crm, kind: rest, hosts: ["crm.internal:8080"]}
    routes: ["/users", "/users/{id}"]
    cmk: alias/crm
    phase: monitor
    fields: {email: sealed}
"""


def test_what_rules_in_force_name_is_left_out_and_what_they_lack_is_told() -> None:
    traffic = Traffic()
    for n in range(9):
        ask(traffic, "POST /users", {"email": "a@example.org", "iban": "DE89370400440532013000"})
        ask(traffic, "POST /leads", {"email": f"b{n}@example.org"})
    known = parse_rules((RuleFile(Path("rules.yaml"), KNOWN.encode()),))
    proposal = propose(traffic, known)
    assert [rule.name for rule in proposal.rules] == ["leads"]
    (lacking,) = proposal.covered
    assert lacking.startswith("rule 'people' holds these routes and leaves out iban: ")


@pytest.mark.parametrize("host", ["10.0.0.7:8443", "[::1]:80", "crm.internal:8080"])
def test_any_host_makes_a_name_that_the_language_takes(host: str) -> None:
    traffic = Traffic()
    for n in range(5):
        ask(traffic, "POST /", {"email": f"a{n}@example.org"}, host=host)
    (rule,) = read(as_file(propose(traffic))).rules
    assert rule.store.hosts == (host,)
