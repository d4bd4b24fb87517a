# SPDX-License-Identifier: Apache-2.0
"""Only a certificate of our key is taken, and only a chain that hangs together."""

import base64
import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.kms.service.certificates.chain import (
    ChainBrokenError,
    belongs,
    check_chain,
    pem,
    read_certificate,
    read_chain,
)
from tests.fixtures.authority import SIGNS_CERTIFICATES
from tests.kms.issuing import DAY, MIDDLE, NOW, ROOT, Issuer, Sm2Issuer, named
from tests.kms.issuing import pem as text_of

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
NOW_SECONDS = int(NOW.timestamp())


def issued(issuer: Issuer, ends: dt.timedelta = DAY) -> x509.Certificate:
    """A certificate for our key."""
    return issuer.issue(KEY.public_key(), named("us"), ends=ends)


LEAF = issued(MIDDLE)
NO_SIGNING = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def is_whole(leaf: x509.Certificate, *chain: x509.Certificate) -> bool:
    try:
        check_chain(leaf, chain, NOW_SECONDS)
    except ChainBrokenError:
        return False
    return True


def test_a_chain_in_order_is_whole_with_its_root_or_without() -> None:
    assert is_whole(LEAF, MIDDLE.certificate, ROOT.certificate)
    assert is_whole(LEAF, MIDDLE.certificate)
    assert is_whole(LEAF)


def test_a_chain_out_of_order_with_a_gap_or_with_a_stranger_is_broken() -> None:
    other = Issuer.root("other")
    assert not is_whole(LEAF, ROOT.certificate, MIDDLE.certificate)
    assert not is_whole(LEAF, ROOT.certificate)
    assert not is_whole(LEAF, MIDDLE.certificate, other.certificate)
    assert not is_whole(LEAF, LEAF)


def test_names_alone_make_no_chain() -> None:
    """Attack: somebody's own CA under the name of another."""
    impostor = Issuer.root()  # the same name, another key
    assert impostor.certificate.subject == ROOT.certificate.subject
    assert not is_whole(LEAF, MIDDLE.certificate, impostor.certificate)


def test_who_is_no_ca_issues_nothing() -> None:
    """Attack: the holder of any certificate of a CA issues some of his own."""
    for issuer in (
        ROOT.below("no constraints", SIGNS_CERTIFICATES),
        ROOT.below("no CA", x509.BasicConstraints(ca=False, path_length=None)),
        ROOT.below("no signing", x509.BasicConstraints(ca=True, path_length=None), NO_SIGNING),
        ROOT.below("ended", ends=-DAY),
    ):
        assert not is_whole(issued(issuer), issuer.certificate, ROOT.certificate)


def test_a_ca_may_have_a_limit_of_cas_below_it() -> None:
    limited = ROOT.below("limited", x509.BasicConstraints(ca=True, path_length=0))
    assert is_whole(issued(limited), limited.certificate, ROOT.certificate)
    below = limited.below("below")
    assert not is_whole(issued(below), below.certificate, limited.certificate, ROOT.certificate)


def test_a_certificate_is_for_our_key_and_lasts() -> None:
    assert belongs(LEAF, PUBLIC, NOW_SECONDS)
    assert not belongs(MIDDLE.certificate, PUBLIC, NOW_SECONDS)
    assert not belongs(issued(MIDDLE, ends=-DAY), PUBLIC, NOW_SECONDS)


def test_our_key_elsewhere_in_a_certificate_does_not_count() -> None:
    """Attack: a certificate of another key that holds ours where nobody looks."""
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    hidden = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), PUBLIC)
    made = MIDDLE.issue(other, named("us"), hidden)
    assert PUBLIC in made.public_bytes(Encoding.DER)
    assert not belongs(made, PUBLIC, NOW_SECONDS)


def test_a_chain_of_sm2_is_proved_as_well(tmp_path: Path) -> None:
    mine, other = Sm2Issuer(tmp_path / "mine"), Sm2Issuer(tmp_path / "other")
    root, impostor = read_certificate(mine.chain), read_certificate(other.chain)
    assert is_whole(root, root)
    assert not is_whole(root, impostor)
    assert not is_whole(LEAF, root)
    assert not is_whole(root, ROOT.certificate)


def test_what_is_kept_is_the_certificate_and_no_other_text() -> None:
    text = f"Bag Attributes: secret\n{text_of(LEAF)}\ntrailing"
    assert pem([read_certificate(text)]) == text_of(LEAF)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no PEM",
        text_of(LEAF, ROOT.certificate),
        text_of(LEAF).replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        text_of(LEAF)
        + KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        text_of(LEAF)[:300] + "\n-----END CERTIFICATE-----\n",
        text_of(LEAF) + "x" * 65536,
        "\ud800" + text_of(LEAF),
    ],
)
def test_one_certificate_and_nothing_else_is_read(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - readers raise nothing else
        read_certificate(text)


def test_a_chain_is_as_long_as_chains_are() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - readers raise nothing else
        read_chain(text_of(*[ROOT.certificate] * 11))


DER = LEAF.public_bytes(Encoding.DER)


def test_a_serial_number_that_is_none_is_refused() -> None:
    der = bytearray(DER)
    der[DER.index(LEAF.serial_number.to_bytes(20).lstrip(b"\0"))] |= 0x80  # a negative one
    body = base64.b64encode(der).decode()
    with pytest.raises(ValueError):  # noqa: PT011 - readers raise nothing else
        read_certificate(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")


@given(st.lists(st.tuples(st.integers(0, len(DER) - 1), st.integers(0, 255)), max_size=3))
@settings(max_examples=300)
def test_a_spoilt_certificate_is_refused_or_breaks_the_chain(spoilt: list[tuple[int, int]]) -> None:
    der = bytearray(DER)
    for place, value in spoilt:
        der[place] = value
    if der == DER:
        return
    body = base64.b64encode(der).decode()
    text = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    try:
        read = read_certificate(text)
    except ValueError:
        return
    belongs(read, PUBLIC, NOW_SECONDS)
    assert not is_whole(read, MIDDLE.certificate, ROOT.certificate)
