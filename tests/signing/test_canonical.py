# SPDX-License-Identifier: Apache-2.0
"""ACS3 and ACS4 against the vendor's own signers, and what their header must cover."""

import hashlib
import hmac
from types import SimpleNamespace

import pytest
from alibabacloud_gateway_pop.client import Client as Pop
from alibabacloud_tea_openapi.utils import Utils

from sidecar.signing import Request, SignatureFailure, SignatureMismatch, acs3, acs4
from tests.signing.family import (
    KEY,
    NONCE,
    NOW,
    PARAMETERS,
    SCOPE,
    Family,
    find_secret,
    with_header,
    without_header,
)

HEADER_FAMILIES = [Family("acs3"), Family("acs4")]
each_family = pytest.mark.parametrize("family", HEADER_FAMILIES, ids=lambda family: family.name)
HEADERS = {
    "host": "127.0.0.1:28931",
    "x-acs-action": "Encrypt",
    "x-acs-version": "2016-01-20",
    "x-acs-date": acs3.canonical.timestamp.write(NOW),
    "x-acs-signature-nonce": NONCE,
    "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
    "accept": "application/json",
    "user-agent": "AlibabaCloud  (Linux)",
}


def _signed_by_the_vendor(authorization: str) -> Request:
    headers = {**HEADERS, "authorization": authorization}
    lines = tuple((name.encode(), value.encode()) for name, value in headers.items())
    return Request("POST", query=PARAMETERS, headers=lines)


def test_what_the_vendors_acs3_signer_signs_verifies() -> None:
    asked = SimpleNamespace(
        method="POST", pathname="/", query=dict(PARAMETERS), headers=dict(HEADERS)
    )
    authorization = Utils.get_authorization(
        asked, acs3.ALGORITHM, HEADERS["x-acs-content-sha256"], KEY.id, KEY.secret
    )
    signed = acs3.verify(_signed_by_the_vendor(authorization), find_secret, now=NOW)
    assert dict(signed.parameters) == dict(PARAMETERS)


def test_what_the_vendors_acs4_signer_signs_verifies() -> None:
    pop, date = Pop(), HEADERS["x-acs-date"][:10].replace("-", "")
    key = pop.get_signingkey(acs4.ALGORITHM, KEY.secret, SCOPE.product, SCOPE.region, date)
    authorization = pop.get_authorization(
        "/",
        "POST",
        dict(PARAMETERS),
        dict(HEADERS),
        acs4.ALGORITHM,
        HEADERS["x-acs-content-sha256"],
        KEY.id,
        key,
        SCOPE.product,
        SCOPE.region,
        date,
    )
    signed = acs4.verify(_signed_by_the_vendor(authorization), find_secret, now=NOW)
    assert (signed.scope, dict(signed.parameters)) == (SCOPE, dict(PARAMETERS))


@each_family
@pytest.mark.parametrize(
    "name", [b"x-acs-action", b"x-acs-version", b"x-acs-date", b"x-acs-signature-nonce", b"host"]
)
def test_a_changed_header_does_not_verify(family: Family, name: bytes) -> None:
    value = b"2025-11-24T16:00:01Z" if name == b"x-acs-date" else b"forged"
    with pytest.raises(SignatureFailure) as caught:
        family.verify(with_header(family.signed(), name, value), now=NOW)
    assert caught.value.code in {"SignatureDoesNotMatch", "IncompleteSignature"}


@each_family
@pytest.mark.parametrize("name", [b"x-acs-action", b"x-acs-signature-nonce", b"host"])
def test_a_missing_header_is_named(family: Family, name: bytes) -> None:
    with pytest.raises(SignatureFailure) as caught:
        family.verify(without_header(family.signed(), name))
    assert caught.value.code.startswith("Missing")


@each_family
def test_an_unsigned_protocol_header_cannot_be_added(family: Family) -> None:
    request = family.signed().with_headers((b"x-acs-security-token", b"stolen"))
    with pytest.raises(SignatureFailure) as caught:
        family.verify(request)
    assert caught.value.code == "IncompleteSignature"


@each_family
def test_a_header_that_stands_twice_has_no_one_reading(family: Family) -> None:
    request = family.signed().with_headers((b"X-Acs-Action", b"DeleteAlias"))
    with pytest.raises(SignatureFailure):
        family.verify(request)


@each_family
def test_a_body_counts_as_it_is_and_not_as_its_header_says(family: Family) -> None:
    bare = family.unsigned()
    form = (b"content-type", b"application/x-www-form-urlencoded")
    request = family.sign(
        Request("POST", query=bare.query, headers=(*bare.headers, form), body=b"Recipient=x")
    )
    assert family.verify(request).parameters["Recipient"] == "x"
    forged = Request("POST", query=request.query, headers=request.headers, body=b"Recipient=y")
    with pytest.raises(SignatureFailure):
        family.verify(forged)


@each_family
def test_a_body_cannot_be_made_a_form_afterwards(family: Family) -> None:
    bare = family.unsigned()
    request = family.sign(Request("POST", query=bare.query, headers=bare.headers, body=b"A=b"))
    form = (b"content-type", b"application/x-www-form-urlencoded")
    with pytest.raises(SignatureFailure):
        family.verify(request.with_headers(form))


@each_family
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace(b"Signature=", b"signature="),
        lambda text: text + b"0",
        lambda text: text[:-1],
        lambda text: text.upper(),
        lambda text: text.replace(b"SignedHeaders=", b"SignedHeaders=host;"),
        lambda text: text.replace(b"HMAC-SHA256", b"HMAC-SM3"),
    ],
    ids=["name", "longer", "shorter", "case", "twice", "algorithm"],
)
def test_a_header_that_is_spelt_otherwise_is_refused(family: Family, spoil) -> None:
    request = family.signed()
    spoilt = with_header(request, b"authorization", spoil(_authorization(request)))
    with pytest.raises(SignatureFailure):
        family.verify(spoilt)


@pytest.mark.parametrize("part", ["20200101", "cn-beijing", "oss"])
def test_an_acs4_signature_counts_for_its_day_region_and_product_alone(part: str) -> None:
    family = Family("acs4")
    request = family.signed()
    value = _authorization(request)
    credential = value.split(b"Credential=")[1].split(b",")[0]
    pieces = credential.split(b"/")
    place = {"20200101": 1, "cn-beijing": 2, "oss": 3}[part]
    pieces[place] = part.encode()
    forged = value.replace(credential, b"/".join(pieces))
    with pytest.raises(SignatureFailure):
        family.verify(with_header(request, b"authorization", forged))


def test_a_key_of_one_day_signs_nothing_of_another() -> None:
    """Whoever got hold of a derived key has no more than its day."""
    earlier = acs4.sign(Family("acs4").unsigned(), KEY, SCOPE, now=NOW - 86_400, nonce=NONCE)
    today = with_header(earlier, b"x-acs-date", HEADERS["x-acs-date"].encode())
    credential = _authorization(earlier).split(b"Credential=")[1].split(b",")[0].decode()
    day_key = acs4._signing_key(KEY.secret.encode(), credential.split("/")[1], SCOPE)
    request = without_header(today, b"authorization")
    with pytest.raises(SignatureFailure, match="Credential"):
        Family("acs4").verify(
            acs4.canonical.authorize(request, acs4.ALGORITHM, credential, day_key)
        )


@pytest.mark.parametrize("more", [b"host", b"x-acs-absent", b"absent"])
def test_what_is_signed_is_there_and_is_named_once(more: bytes) -> None:
    """However well it is signed: another reader might take another line of two."""
    request = without_header(Family("acs3").signed(), b"authorization")
    names = b";".join(sorted([*(name for name, _ in request.headers), more]))
    with pytest.raises(SignatureFailure, match="signed"):
        Family("acs3").verify(_signed_over(request, names))


def test_a_header_that_lies_about_the_body_does_not_verify() -> None:
    bare = without_header(Family("acs3").signed(), b"authorization")
    lying = with_header(
        bare, b"x-acs-content-sha256", hashlib.sha256(b"another").hexdigest().encode()
    )
    names = b";".join(sorted(name for name, _ in lying.headers))
    with pytest.raises(SignatureMismatch):
        Family("acs3").verify(_signed_over(lying, names))


def _signed_over(request: Request, names: bytes) -> Request:
    """`request` with an ACS3 signature that is right for SignedHeaders=`names`."""
    string = acs3.canonical.string_to_sign(request, acs3.ALGORITHM, names)
    signature = hmac.digest(KEY.secret.encode(), string.encode(), "sha256").hex()
    value = f"{acs3.ALGORITHM} Credential={KEY.id},SignedHeaders={names.decode()},"
    return request.with_headers((b"authorization", f"{value}Signature={signature}".encode()))


def _authorization(request: Request) -> bytes:
    (value,) = (value for name, value in request.headers if name == b"authorization")
    return value
