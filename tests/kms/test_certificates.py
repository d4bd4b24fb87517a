# SPDX-License-Identifier: Apache-2.0
"""The authority signs for the KMS's names alone, strictly verifiable, and is replaced by nobody."""

import datetime as dt
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import Misconfigured
from sidecar.kms import certificates
from sidecar.kms.certificates import AUTHORITY_LIFETIME, RENEWAL, SERVER_LIFETIME, Identity

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
HOSTS = ("kms", "kms.envelope-dev.svc", "127.0.0.1", "::1")
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(scope="module")
def authority() -> Identity:
    return certificates.make_authority(NOW)


@pytest.fixture(scope="module")
def server(authority: Identity) -> Identity:
    return certificates.issue(authority, HOSTS, NOW)


type Handshake = Callable[[Identity, Identity, str], None]


@pytest.fixture
def handshake(tmp_path: Path) -> Handshake:
    """A TLS handshake in memory: `server` shows its certificate to a client that trusts a CA."""

    def shake(server: Identity, trusted: Identity, name: str) -> None:
        certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
        certificate.write_text(server.certificate)
        key.write_text(server.key)
        shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        shown.load_cert_chain(certificate, key)
        context = ssl.create_default_context(cadata=trusted.certificate)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        ends = [
            context.wrap_bio(back, there, server_hostname=name),
            shown.wrap_bio(there, back, server_side=True),
        ]
        while ends:
            for end in list(ends):
                try:
                    end.do_handshake()
                    ends.remove(end)
                except ssl.SSLWantReadError:
                    continue

    return shake


@pytest.mark.parametrize("name", HOSTS)
def test_a_strict_client_that_trusts_the_authority_reaches_every_name(
    authority: Identity, server: Identity, handshake: Handshake, name: str
) -> None:
    handshake(server, authority, name)


@pytest.mark.parametrize("name", ["kms2", "envelope-dev.svc", "evil.kms", "127.0.0.2"])
def test_no_other_name_is_served(
    authority: Identity, server: Identity, handshake: Handshake, name: str
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(server, authority, name)


def test_the_certificate_of_another_authority_is_refused(
    server: Identity, handshake: Handshake
) -> None:
    """An impostor can make an authority of the same name, but not with the same key."""
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, certificates.make_authority(NOW), "kms")


def test_whoever_has_the_server_key_can_sign_for_nobody_else(
    authority: Identity, server: Identity, handshake: Handshake
) -> None:
    forged = certificates.issue(server, ["kms"], NOW)
    chained = Identity(forged.certificate + server.certificate, forged.key)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(chained, authority, "kms")


def test_how_long_they_last(authority: Identity, server: Identity) -> None:
    for identity, lifetime in ((authority, AUTHORITY_LIFETIME), (server, SERVER_LIFETIME)):
        certificate = x509.load_pem_x509_certificate(identity.certificate.encode())
        assert certificate.not_valid_before_utc < NOW
        assert certificate.not_valid_after_utc == NOW + lifetime


def test_no_server_outlives_its_authority(authority: Identity) -> None:
    late = NOW + AUTHORITY_LIFETIME - RENEWAL
    server = x509.load_pem_x509_certificate(
        certificates.issue(authority, HOSTS, late).certificate.encode()
    )
    assert server.not_valid_after_utc == NOW + AUTHORITY_LIFETIME


def test_a_server_certificate_is_current_until_a_year_before_its_end(
    authority: Identity, server: Identity
) -> None:
    def is_current(hosts: tuple[str, ...], now: dt.datetime) -> bool:
        return certificates.is_current(server.certificate, authority.certificate, hosts, now)

    last = NOW + SERVER_LIFETIME - RENEWAL
    assert is_current(HOSTS, NOW)
    assert is_current(HOSTS[::-1], last)
    assert not is_current(HOSTS, last + SECOND)
    assert not is_current(HOSTS[1:], NOW)
    assert not is_current((*HOSTS, "kms.elsewhere"), NOW)


def test_what_another_authority_signed_or_nobody_can_read_is_not_current(
    authority: Identity, server: Identity
) -> None:
    other = certificates.make_authority(NOW).certificate
    assert not certificates.is_current(server.certificate, other, HOSTS, NOW)
    assert not certificates.is_current("", authority.certificate, HOSTS, NOW)
    assert not certificates.is_current(server.key, authority.certificate, HOSTS, NOW)


def test_an_authority_with_the_key_of_another_is_told(authority: Identity) -> None:
    other = certificates.make_authority(NOW)
    with pytest.raises(Misconfigured, match="another key"):
        certificates.issue(Identity(authority.certificate, other.key), HOSTS, NOW)
    with pytest.raises(Misconfigured, match="not PEM"):
        certificates.issue(Identity(authority.certificate, "lost"), HOSTS, NOW)


@pytest.mark.parametrize(
    "host", ["", "kms:28900", "https://kms", "-kms", "kms.", "a..b", "*.svc", "k ms", "é", "a" * 64]
)
def test_what_is_no_host_is_refused(authority: Identity, host: str) -> None:
    with pytest.raises(Misconfigured, match="neither a host name nor an IP address"):
        certificates.issue(authority, [host], NOW)


LABELS = st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=5).map(".".join)


@given(host=st.text() | NAMES | st.ip_addresses().map(str))
def test_a_host_is_certified_as_it_was_written_or_refused(authority: Identity, host: str) -> None:
    try:
        issued = certificates.issue(authority, [host], NOW)
    except Misconfigured:
        return
    assert certificates.is_current(issued.certificate, authority.certificate, [host], NOW)


def test_a_key_is_not_printed(authority: Identity) -> None:
    assert "PRIVATE" not in f"{authority} {authority!r}"
