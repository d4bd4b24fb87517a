# SPDX-License-Identifier: Apache-2.0
"""Fields of an unchanged application, sealed on the way to a real store."""

import json
from itertools import permutations

import pytest

from tests.demo.installation import Installation
from tests.e2e.conftest import Application


def test_values_are_sealed_in_the_store_and_come_back_as_they_went_in(
    installation: Installation, application: Application
) -> None:
    record = {"id": "m1", "name": "Grace Hopper", "ssn": "078-05-1120", "email": "grace@navy.mil"}
    assert application.write(record).status_code == 200
    stored = installation.store.sql("SELECT FROM Customer WHERE id = 'm1'")[0]
    assert stored["id"] == "m1"
    for field in ("name", "ssn", "email"):
        assert stored[field].startswith("enc:1:")
        assert not installation.store.files_holding(str(record[field]).encode())
    answer = application.read("m1").json()["result"][0]
    assert {name: answer[name] for name in record} == record


@pytest.mark.parametrize("lexeme", ["1.10", "1e400", "-0", "12345678901234567890123", "true", '""'])
def test_every_json_spelling_survives(application: Application, lexeme: str) -> None:
    record_id = f"lexeme {lexeme}"
    body = json.dumps(
        {
            "language": "sql",
            "command": "INSERT INTO Customer SET id = :id, balance = :balance",
            "params": {"id": record_id, "balance": "@@"},
        }
    ).replace('"@@"', lexeme)
    assert application.post(body.encode()).status_code == 200
    assert f'"balance":{lexeme}' in application.read(record_id).text


def test_equality_search_finds_another_spelling(application: Application) -> None:
    application.write({"id": "m2", "email": "Ada@Example.com"})
    answer = application.sql(
        "SELECT FROM Customer WHERE email = :email", {"email": " ada@example.COM "}
    )
    assert [row["id"] for row in answer.json()["result"]] == ["m2"]


def test_equality_search_does_not_cross_tenants(application: Application) -> None:
    application.write({"id": "m3", "email": "same@example.com"}, tenant="acme")
    answer = application.sql(
        "SELECT FROM Customer WHERE email = :email",
        {"email": "same@example.com"},
        tenant="globex",
    )
    assert answer.json()["result"] == []


def test_an_envelope_opens_only_at_its_own_place(
    installation: Installation, application: Application
) -> None:
    """The swap matrix: another field, another record, another tenant."""
    store = installation.store
    for record in ("s1", "s2"):
        application.write({"id": record, "name": f"name {record}", "ssn": f"ssn {record}"})
    rows = {row["id"]: row for row in store.sql("SELECT FROM Customer WHERE id IN ['s1', 's2']")}
    places = [(record, field) for record in ("s1", "s2") for field in ("name", "ssn")]
    for (record, field), (from_record, from_field) in permutations(places, 2):
        store.sql(
            f"UPDATE Customer SET {field} = :moved WHERE id = :id",
            moved=rows[from_record][from_field],
            id=record,
        )
        answer = application.read(record)
        assert answer.status_code == 422, (record, field, from_record, from_field)
        assert answer.json()["code"] == "cannot_open"
        assert "enc:1:" not in answer.text
        store.sql(
            f"UPDATE Customer SET {field} = :own WHERE id = :id", own=rows[record][field], id=record
        )
    assert application.read("s1").status_code == 200
    assert application.read("s1", tenant="globex").status_code == 422
    audit = installation.proxy.log.read_text()
    assert 'rule="customers" phase="enforce" reason="cannot_open" tenant="acme"' in audit


def test_a_value_put_into_the_store_in_clear_is_not_handed_out(
    installation: Installation, application: Application
) -> None:
    installation.store.sql("INSERT INTO Customer SET id = 'clear', ssn = '000-00-0000'")
    answer = application.read("clear")
    assert answer.status_code == 422
    assert "000-00-0000" not in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"language":"sql","command":"x","params":{"id":"r","ssn":"1","ssn":"PLAIN-R"}}', 400),
        (b'{"language":"sql","command":"x","params":{"id":"r","ssn":"PLAIN-R"', 400),
        (b'{"language":"sql","command":"x","params":{"id":"r","ssn":{"deep":"PLAIN-R"}}}', 422),
        (b'{"params":{"id":"r","ssn":"' + b"\xff" + b'PLAIN-R"}}', 400),
        (b'{"command":"INSERT INTO Customer SET ssn = \'PLAIN-R\'","params":{"id":"r"}}', 403),
        (b'{"params":{"id":"r","ssn":"PLAIN-R"}}' + b"[" * 100_000, 400),
    ],
    ids=["duplicate name", "cut", "unexpected shape", "not UTF-8", "SQL literal", "deep"],
)
def test_what_cannot_be_read_in_one_way_is_refused_and_not_forwarded(
    installation: Installation, application: Application, body: bytes, status: int
) -> None:
    answer = application.post(body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "PLAIN-R" not in answer.text
    assert not installation.store.files_holding(b"PLAIN-R")


def test_a_streamed_body_is_held_until_it_is_sealed(
    installation: Installation, application: Application
) -> None:
    """The body arrives in chunks without a length; the store sees no plaintext."""
    command = {"language": "sql", "command": Application.INSERT}
    params = {"id": "chunks", "name": "n", "ssn": "PLAIN-STREAMED", "email": "e"}
    text = json.dumps(command | {"params": params}).encode()
    answer = application.post(text[i : i + 7] for i in range(0, len(text), 7))
    assert answer.status_code == 200
    assert application.read("chunks").json()["result"][0]["ssn"] == "PLAIN-STREAMED"
    assert not installation.store.files_holding(b"PLAIN-STREAMED")


def test_without_a_tenant_nothing_is_forwarded(
    installation: Installation, application: Application
) -> None:
    body = b'{"language":"sql","command":"x","params":{"id":"t","ssn":"PLAIN-TENANTLESS"}}'
    answer = application.post(body, **{"X-Tenant-Id": ""})
    assert answer.status_code == 400
    assert answer.json()["code"] == "unbound"
    assert not installation.store.files_holding(b"PLAIN-TENANTLESS")
