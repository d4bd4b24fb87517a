# SPDX-License-Identifier: Apache-2.0
"""What certificates of ours begin with; whole ones are verified where they are made."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from sidecar.certificates import certificate_of, common_name, key_usage

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def make() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    names = common_name("leaf"), common_name("issuer")
    builder = certificate_of(key.public_key(), *names, NOW, NOW + dt.timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


def test_names_and_times_are_those_given_and_each_serial_number_is_new() -> None:
    one, other = make(), make()
    assert one.subject.rfc4514_string() == "CN=leaf"
    assert one.issuer.rfc4514_string() == "CN=issuer"
    assert (one.not_valid_before_utc, one.not_valid_after_utc) == (NOW, NOW + dt.timedelta(days=1))
    assert one.serial_number != other.serial_number


def test_a_key_may_be_used_for_what_is_named_and_nothing_else() -> None:
    usage = key_usage("key_cert_sign")
    assert usage.key_cert_sign
    assert not any((usage.digital_signature, usage.crl_sign, usage.key_agreement))


def test_a_usage_that_nobody_knows_is_never_left_out_silently() -> None:
    with pytest.raises(ValueError, match="key_cert_sing"):
        key_usage("key_cert_sing")
