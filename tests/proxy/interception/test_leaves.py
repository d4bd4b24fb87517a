# SPDX-License-Identifier: Apache-2.0
"""What clients of intercepted hosts are shown."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from sidecar.proxy.interception import Ca, CaFolder, Leaves
from sidecar.proxy.pem import Key
from tests.fixtures.authority import DAY, SIGNS_CERTIFICATES
from tests.proxy.interception.test_certificates import ca_for
from tests.proxy.interception.verifying import is_believed

NOW = dt.datetime.now(dt.UTC)


class Given:
    """A CA that a test gives, and may take away."""

    def __init__(self, ca: Ca) -> None:
        self.ca = ca

    def for_host(self, host: str, now: dt.datetime) -> Ca:
        return self.ca


def test_a_leaf_is_made_once_for_each_host(tmp_path: Path) -> None:
    folder = CaFolder(tmp_path)
    leaves = Leaves(folder)
    root = folder.ready(["crm.internal", "127.0.0.1"], NOW).certificate
    for host in ("crm.internal", "127.0.0.1"):
        assert is_believed(root, leaves.context(host), host)
        assert leaves.context(host) is leaves.context(host)
    assert not is_believed(root, leaves.context("crm.internal"), "127.0.0.1")


def test_another_ca_makes_another_leaf() -> None:
    source = Given(ca_for("crm.internal"))
    leaves = Leaves(source)
    before = leaves.context("crm.internal")
    source.ca = ca_for("crm.internal")
    assert leaves.context("crm.internal") is not before
    assert is_believed(source.ca.certificate, leaves.context("crm.internal"), "crm.internal")


def test_a_leaf_is_replaced_when_half_its_life_is_over() -> None:
    """One of a CA that ends in a moment is made anew each time."""
    leaves = Leaves(Given(ca_for("crm.internal", now=NOW - 30 * DAY + dt.timedelta(seconds=1))))
    before = leaves.context("crm.internal")
    while leaves.context("crm.internal") is before:
        pass


@pytest.mark.parametrize(
    "make",
    [
        lambda: rsa.generate_private_key(65537, 2048),
        lambda: ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate,
        ed448.Ed448PrivateKey.generate,
    ],
)
def test_a_ca_from_elsewhere_may_have_any_key_and_stand_under_a_root(
    make: Callable[[], Key],
) -> None:
    root_key, key = ec.generate_private_key(ec.SECP256R1()), make()
    root = _signed("root", "root", root_key, root_key)
    ca = Ca(_signed("ca", "root", key, root_key), key)
    context = Leaves(Given(ca)).context("crm.internal")
    assert is_believed(root, context, "crm.internal")


def _signed(
    name: str, issuer: str, key: Key, signer: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    subject, issued_by = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in (name, issuer)
    )
    builder = x509.CertificateBuilder(
        issued_by, subject, key.public_key(), x509.random_serial_number(), NOW - DAY, NOW + DAY
    )
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(SIGNS_CERTIFICATES, critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(authority, critical=False)
        .sign(signer, hashes.SHA256())
    )
