# SPDX-License-Identifier: Apache-2.0
"""What our CA can sign for, as a verifier that shares no code with it sees it."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sidecar.proxy.interception.certificates import CA_LIFETIME, Ca, hosts_of, make_ca, make_leaf
from sidecar.proxy.tls_context import server_context
from tests.proxy.interception.verifying import is_believed

NOW = dt.datetime.now(dt.UTC)
HOSTS = ["crm.internal", "db_1.internal", "127.0.0.1", "fd00::1"]


def ca_for(*hosts: str, now: dt.datetime = NOW) -> Ca:
    return make_ca(hosts, ec.generate_private_key(ec.SECP256R1()), now)


def believed(trusted: Ca, signer: Ca, host: str) -> bool:
    leaf, key = make_leaf(signer, host, NOW)
    return is_believed(trusted.certificate, server_context(leaf, (), key), host)


@pytest.mark.parametrize("host", [*HOSTS, "below.crm.internal"])
def test_a_leaf_for_a_host_of_the_ca_is_believed(host: str) -> None:
    ca = ca_for(*HOSTS)
    assert ca.permits(host)
    assert believed(ca, ca, host)


@pytest.mark.parametrize(
    "host", ["bank.example", "internal", "notcrm.internal", "127.0.0.2", "fd00::2", "10.0.0.1"]
)
def test_a_leaf_for_any_other_host_is_not(host: str) -> None:
    ca = ca_for(*HOSTS)
    assert not ca.permits(host)
    assert not believed(ca, ca, host)


@pytest.mark.parametrize(
    ("hosts", "other"),
    [
        (["crm.internal"], "127.0.0.1"),
        (["crm.internal"], "::1"),
        (["127.0.0.1"], "::1"),
        (["127.0.0.1"], "crm.internal"),
        ([], "crm.internal"),
    ],
)
def test_a_kind_of_name_that_no_rule_has_is_not_free(hosts: list[str], other: str) -> None:
    """Constraints on DNS names alone would let a CA sign for every address (RFC 5280 §4.2.1.10)."""
    ca = ca_for(*hosts)
    assert not ca.permits(other)
    assert not believed(ca, ca, other)


def test_it_signs_no_further_ca() -> None:
    ca = ca_for("crm.internal")
    under = make_ca(["crm.internal"], ec.generate_private_key(ec.SECP256R1()), NOW)
    signed, key = make_leaf(Ca(under.certificate, under.key), "crm.internal", NOW)
    context = server_context(signed, (under.certificate,), key)
    assert not is_believed(ca.certificate, context, "crm.internal")
    assert ca.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value == (
        x509.BasicConstraints(ca=True, path_length=0)
    )


def test_who_trusts_the_certificate_before_goes_on_with_the_next() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    before, after = make_ca(HOSTS, key, NOW - CA_LIFETIME / 2), make_ca(HOSTS, key, NOW)
    assert believed(before, after, "crm.internal")
    assert believed(after, before, "crm.internal")


def test_a_leaf_ends_with_its_ca_at_the_latest() -> None:
    ca = ca_for("crm.internal", now=NOW - CA_LIFETIME + dt.timedelta(minutes=5))
    leaf, _ = make_leaf(ca, "crm.internal", NOW)
    assert leaf.not_valid_after_utc == ca.certificate.not_valid_after_utc
    assert not ca.is_in_force(leaf.not_valid_after_utc)


def test_the_hosts_of_a_ca_can_be_read_from_it() -> None:
    assert hosts_of(ca_for(*HOSTS).certificate) == set(HOSTS)
    assert hosts_of(ca_for().certificate) == set()


def test_the_key_is_not_printed() -> None:
    assert "key" not in repr(ca_for("crm.internal"))
