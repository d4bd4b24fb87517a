# SPDX-License-Identifier: Apache-2.0
"""What conditions can ask about a request."""

import pytest

from sidecar.kms.policy.facts import FAMILIES, TRUST_PREFIXES, RequestFacts

FACTS = RequestFacts(
    source_ip="10.1.2.3",
    now=1767225600,
    secure_transport=True,
    kms={"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "kms:tag/team": "crm"},
)


def test_every_key_that_a_policy_may_name_is_answered() -> None:
    assert {key: FACTS.find(key) for key in (*FAMILIES, "kms:tag/team")} == {
        **{key: None for key in FAMILIES if key.startswith(TRUST_PREFIXES)},
        "acs:SourceIp": "10.1.2.3",
        "acs:CurrentTime": "2026-01-01T00:00:00Z",
        "acs:SecureTransport": "true",
        "acs:MFAPresent": "false",
        "kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "kms:tag/team": "crm",
    }


def test_a_key_that_the_request_lacks_has_no_value() -> None:
    assert FACTS.find("kms:tag/other") is None


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("unix:", None),
        ("", None),
    ],
)
def test_an_address_has_one_spelling(source: str, told: str | None) -> None:
    facts = RequestFacts(source_ip=source, now=0, secure_transport=False)
    assert facts.find("acs:SourceIp") == told


def test_kms_keys_cannot_replace_facts_of_the_connection() -> None:
    facts = RequestFacts(
        source_ip="192.0.2.9", now=0, secure_transport=False, kms={"acs:SourceIp": "10.0.0.1"}
    )
    assert facts.find("acs:SourceIp") == "192.0.2.9"
