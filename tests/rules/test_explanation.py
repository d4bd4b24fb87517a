# SPDX-License-Identifier: Apache-2.0
"""What a rule does is said in words, whatever its modes, and as JSON."""

import json

import pytest

from sidecar.fieldpath import FieldPath
from sidecar.rules import (
    CertificateNames,
    ClaimHolds,
    Field,
    HeaderIs,
    Mask,
    Mode,
    explain,
    explain_binding,
    explain_field,
)
from tests.rules.samples import field, rule


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (field("a"), "sealed"),
        (field("a", null="seal"), "sealed; null is sealed too"),
        (field("a", Mode.JSON), "sealed whole, with everything below it"),
        (field("a", Mode.DIGITS), "every digit exchanged for another; equal values stay equal"),
        (field("a", Mode.DIGITS, keep_last=4), "every digit but the last 4 exchanged"),
        (field("a", mask=Mask(last=4)), "hidden all but the last 4 characters from callers who"),
        (field("a", mask=Mask()), "sealed; hidden whole from callers who are not cleared"),
        (field("a", mask=Mask(is_hash=True)), "shown as a fingerprint to callers who are not"),
        (field("a", Mode.EQUALITY, normalize=("trim", "lower")), "for equal values after trim, lo"),
    ],
)
def test_a_field_is_explained(item: Field, told: str) -> None:
    assert told in explain_field(item)


def test_a_binding_is_explained() -> None:
    assert explain_binding(rule()) == "any tenant and record"
    bound = rule(tenant_header="x-tenant", record="id")
    assert explain_binding(bound) == "the tenant in x-tenant and the record in id"


def test_what_clears_a_caller_is_explained() -> None:
    conditions = (
        HeaderIs("x-role", ("auditor", "officer")),
        CertificateNames("uri", ("spiffe://crm/audit",)),
        ClaimHolds(FieldPath(("scope",)), ("pii.read",), "https://i", "crm", ()),
    )
    assert explain(rule(fields=(field("a", mask=Mask()),), cleared=conditions))["cleared"] == [
        "the header x-role is auditor or officer",
        "the client's certificate has the uri spiffe://crm/audit",
        "the claim scope has pii.read, in a token of https://i for crm",
    ]


def test_an_explanation_is_json() -> None:
    told = json.loads(json.dumps(explain(rule("/a/{id}", "POST /b", lookup_keys=(b"k",)))))
    assert told["routes"] == ["/a/{id}", "POST /b"]
    assert told["store"] == {"name": "crm", "kind": "rest", "hosts": ["crm.internal:8080"]}
    assert told["fields"] == {"ssn": "sealed"}
