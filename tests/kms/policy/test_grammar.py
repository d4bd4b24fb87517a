# SPDX-License-Identifier: Apache-2.0
"""What is a policy, and where a document that is none goes wrong."""

import copy
import json
from typing import Any

import pytest

from sidecar.kms.policy import BadPolicy, Kind, Policy
from sidecar.kms.policy.grammar import read_statements

GOOD: dict[str, Any] = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:List*"],
            "Resource": "acs:kms:*:*:key/*",
            "Condition": {
                "IpAddress": {"acs:SourceIp": ["10.0.0.0/8", "192.0.2.1"]},
                "Bool": {"acs:SecureTransport": True},
            },
        }
    ],
}


def changed(*change: Any) -> Any:
    """GOOD with another value at a place: steps first, the value last."""
    *steps, last, value = change
    document = copy.deepcopy(GOOD)
    entry: Any = document
    for step in steps:
        entry = entry[step]
    if value is ...:
        del entry[last]
    else:
        entry[last] = value
    return document


def test_a_document_is_understood_whole() -> None:
    (statement,) = Policy.parse(GOOD).statements
    assert statement.effect == "Allow"
    assert statement.actions == ("kms:decrypt", "kms:list*")
    assert [c.key for c in statement.conditions] == ["acs:SourceIp", "acs:SecureTransport"]


def test_one_value_and_a_list_of_one_are_equal() -> None:
    assert Policy.parse(changed("Statement", 0, "Action", "kms:Decrypt")) == Policy.parse(
        changed("Statement", 0, "Action", ["kms:Decrypt"])
    )


ONE = ("Statement", 0)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "$: expected a mapping"),
        (None, "$: expected a mapping"),
        ({1: 2}, "$: expected a mapping"),
        (changed("Version", ...), "$: 'Version' is missing"),
        (changed("Version", "2012-10-17"), '$.Version: the version is "1"'),
        (changed("Version", 1), '$.Version: the version is "1"'),
        (changed("Statment", []), "$.Statment: unknown key 'Statment'; did you mean 'Statement'?"),
        (changed("Statement", []), "$.Statement: expected a list of statements"),
        (changed("Statement", GOOD["Statement"][0]), "$.Statement: expected a list of statements"),
        (changed(*ONE, "Effect", "allow"), "$.Statement[0].Effect: expected Allow or Deny"),
        (
            changed(*ONE, "Sid", "x"),
            (
                "$.Statement[0].Sid: unknown key 'Sid'"
                "; known here: Action, Condition, Effect, NotAction, Resource"
            ),
        ),
        (
            changed(*ONE, "NotAction", "kms:*"),
            "$.Statement[0]: expected one of 'Action' and 'NotAction'",
        ),
        (
            changed(*ONE, "Action", ...),
            "$.Statement[0]: expected one of 'Action' and 'NotAction'",
        ),
        (
            changed(*ONE, "Action", []),
            "$.Statement[0].Action: expected a text of 1 to 1024 characters",
        ),
        (
            changed(*ONE, "Action", ["kms:List*", "Decrypt"]),
            (
                "$.Statement[0].Action[1]: an action is * or service:Name, "
                "such as kms:Decrypt or kms:List*"
            ),
        ),
        (
            changed(*ONE, "Resource", "key/*"),
            (
                "$.Statement[0].Resource: a resource is * or acs:service:region:account:name, "
                "such as acs:kms:*:*:key/*"
            ),
        ),
        (
            changed(*ONE, "Resource", ["acs:kms:*:${acs:Account}:key/*"]),
            "$.Statement[0].Resource[0]: policy variables (${...}) are not supported",
        ),
        (
            changed(*ONE, "Condition", {"StringEqual": {"acs:SourceIp": "10.0.0.1"}}),
            (
                "$.Statement[0].Condition.StringEqual: 'StringEqual' is not a condition operator"
                "; did you mean 'StringEquals'?"
            ),
        ),
        (
            changed(*ONE, "Condition", "Bool", {"acs:SecureTransprot": "true"}),
            (
                "$.Statement[0].Condition.Bool.acs:SecureTransprot: 'acs:SecureTransprot' is not a "
                "condition key; did you mean 'acs:SecureTransport'?"
            ),
        ),
        (
            changed(*ONE, "Condition", {"IpAddress": {"acs:SourceIp": ["10.0.0.0/8", "10.0.0/8"]}}),
            (
                "$.Statement[0].Condition.IpAddress.acs:SourceIp[1]: IpAddress needs an IP address "
                "or a network such as 10.0.0.0/8"
            ),
        ),
        (
            changed(*ONE, "Condition", {"NumericLessThan": {"acs:SourceIp": "10"}}),
            (
                "$.Statement[0].Condition.NumericLessThan.acs:SourceIp: "
                "NumericLessThan does not apply to acs:SourceIp"
            ),
        ),
        (
            changed(*ONE, "Condition", {"StringEquals": {"acs:SecureTransport": "False"}}),
            (
                "$.Statement[0].Condition.StringEquals.acs:SecureTransport: "
                "StringEquals does not apply to acs:SecureTransport"
            ),
        ),
        (
            changed(*ONE, "Condition", {"StringEqualsIfExists": {"kms:tag/a": "b"}}),
            (
                "$.Statement[0].Condition.StringEqualsIfExists: 'StringEqualsIfExists' is not a "
                "condition operator; did you mean 'StringEquals'?"
            ),
        ),
        (
            changed(*ONE, "NotResource", "*"),
            ("$.Statement[0].NotResource: unknown key 'NotResource'; did you mean 'Resource'?"),
        ),
        (
            changed(*ONE, "Condition", "Bool", {"acs:SecureTransport": ["true", "false"]}),
            (
                "$.Statement[0].Condition.Bool.acs:SecureTransport: "
                "Bool takes one value: true or false"
            ),
        ),
        (
            changed(*ONE, "Condition", {"Bool": "true"}),
            "$.Statement[0].Condition.Bool: expected a mapping",
        ),
        (
            changed(*ONE, "Condition", {"Bool": {"kms:tag/": "true"}}),
            (
                "$.Statement[0].Condition.Bool.kms:tag/: 'kms:tag/' is not a condition key"
                "; did you mean 'kms:tag/<name>'?"
            ),
        ),
    ],
)
def test_the_complaint_names_the_place(document: object, complaint: str) -> None:
    with pytest.raises(BadPolicy) as caught:
        Policy.parse(document)
    assert caught.value.why == f"policy: {complaint}"


def test_a_value_of_any_length_or_kind_is_refused() -> None:
    for value in ("x" * 1025, "", None, 1.5, {}, [[]]):
        with pytest.raises(BadPolicy):
            Policy.parse(changed(*ONE, "Action", value))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("{" + "1" * 5000 + ":1}", "it is not JSON"),
        ('{"Version": "1", "Version": "1"}', "'Version' stands twice in one mapping"),
        (
            '{"Version": "1", "Statement": [{"Effect": "Deny", "Effect": "Allow"}]}',
            "'Effect' stands twice in one mapping",
        ),
        (
            '{"Bool": {"acs:SecureTransport": "true"}, "Bool": {"acs:MFAPresent": "true"}}',
            "'Bool' stands twice in one mapping",
        ),
        (r'{"\ud800": 1, "\ud800": 2}', r"'\ud800' stands twice in one mapping"),
    ],
)
def test_a_text_that_is_no_json_or_says_two_things_is_refused(text: str, problem: str) -> None:
    """The last member would win, and a condition fewer is a right more."""
    with pytest.raises(BadPolicy) as caught:
        Policy.read(text)
    assert caught.value.why == f"policy: $: {problem}"


def test_a_text_is_read_as_its_document() -> None:
    assert Policy.read(json.dumps(GOOD), "p") == Policy.parse(GOOD, "p")


PRINCIPAL = {"RAM": ["acs:ram::1:user/app"]}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": PRINCIPAL}
OF_KEY = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": PRINCIPAL}
FEDERATED = {"Federated": "acs:ram::1:oidc-provider/cluster"}
OIDC = {"StringEquals": {"oidc:sub": "system:serviceaccount:shop:crm"}}


@pytest.mark.parametrize(
    ("kind", "statement", "principals"),
    [
        (Kind.TRUST, TRUST, {"acs:ram::1:user/app"}),
        (
            Kind.TRUST,
            {**TRUST, "Principal": FEDERATED, "Condition": OIDC},
            {"acs:ram::1:oidc-provider/cluster"},
        ),
        (Kind.KEY, {**OF_KEY, "Sid": "kms default key policy"}, {"acs:ram::1:user/app"}),
        (Kind.KEY, {**OF_KEY, "Principal": {"RAM": "acs:ram::1:*"}}, {"acs:ram::1:*"}),
    ],
)
def test_policies_of_keys_and_roles_name_whom_they_mean(
    kind: Kind, statement: dict[str, object], principals: set[str]
) -> None:
    (read,) = read_statements({"Version": "1", "Statement": [statement]}, kind)
    assert read.principals == principals


@pytest.mark.parametrize(
    ("kind", "statement", "problem"),
    [
        (Kind.IDENTITY, OF_KEY, "unknown key 'Principal'"),
        (Kind.KEY, {**OF_KEY, "Principal": {}}, "names nobody"),
        (Kind.KEY, {**OF_KEY, "Principal": FEDERATED}, "unknown key 'Federated'"),
        (Kind.KEY, {**OF_KEY, "Principal": {"RAM": "*"}}, "a principal is acs:ram::"),
        (Kind.KEY, {**OF_KEY, "Principal": {"RAM": "acs:ram::*:root"}}, "a principal is"),
        (Kind.KEY, {**OF_KEY, "Resource": "acs:kms:*:*:key/*"}, "the resource of a key's policy"),
        (Kind.KEY, {**OF_KEY, "Sid": "s" * 129}, "a text of at most 128 characters"),
        (Kind.KEY, {**OF_KEY, "Sid": {}}, "a text of at most 128 characters"),
        (Kind.KEY, {**OF_KEY, "Condition": OIDC}, "oidc:sub is for trust policies alone"),
        (Kind.TRUST, {**TRUST, "Action": "*"}, "the action of a trust policy is sts:AssumeRole"),
        (Kind.TRUST, {**TRUST, "Resource": "*"}, "unknown key 'Resource'"),
        (Kind.TRUST, {**TRUST, "Principal": {"Federated": "acs:ram::1:user/x"}}, "a provider is"),
    ],
)
def test_whom_they_mean_is_read_strictly(
    kind: Kind, statement: dict[str, object], problem: str
) -> None:
    with pytest.raises(BadPolicy) as caught:
        read_statements({"Version": "1", "Statement": [statement]}, kind)
    assert problem in caught.value.why
