# SPDX-License-Identifier: Apache-2.0
"""`cleared`: each condition means one thing, and keys are public, strong and the issuer's own."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.rules import CertificateNames, ClaimHolds, Condition, HeaderIs
from sidecar.rules.clearance import CLEARED, MAX_KEYS
from sidecar.strict_yaml import parse
from tests.transform.issuer import Issuer

ED = Issuer("EdDSA")
TOKEN = "issuer: https://i, audience: crm"


def read(text: str) -> tuple[Condition, ...]:
    return CLEARED(parse(text.encode(), "f"))


def key_set(*keys: dict[str, Any]) -> str:
    return json.dumps({"keys": list(keys)})


def claim(*keys: dict[str, Any]) -> str:
    return f"[{{claim: scope, any_of: [a], {TOKEN}, keys: {key_set(*keys)}}}]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[{header: X-Role, any_of: [a, b]}]", HeaderIs("x-role", ("a", "b"))),
        (
            "[{certificate: uri, any_of: ['spiffe://a/b']}]",
            CertificateNames("uri", ("spiffe://a/b",)),
        ),
        ("[{certificate: cn, any_of: [a]}]", CertificateNames("cn", ("a",))),
        (
            claim(ED.jwk),
            ClaimHolds(FieldPath(("scope",)), ("a",), "https://i", "crm", (ED.verifying,)),
        ),
    ],
)
def test_a_condition_means_what_it_says(text: str, expected: Condition) -> None:
    (found,) = read(text)
    if isinstance(found, ClaimHolds):
        (key,) = found.keys
        assert (key.algorithm, json.loads(key.jwk)) == ("EdDSA", ED.jwk)
        assert isinstance(expected, ClaimHolds)
        found = found._replace(keys=expected.keys)
    assert found == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "empty list"),
        ("[{any_of: [a]}]", "one of header, certificate, claim"),
        ("[{header: X-A, certificate: uri, any_of: [a]}]", "one of header, certificate, claim"),
        ("[{header: X-A}]", "'any_of' is missing"),
        ("[{header: X-A, any_of: []}]", "empty list"),
        ("[{header: X-A, any_of: ['']}]", "text of one line"),
        ('[{header: X-A, any_of: ["a\\nb"]}]', "text of one line"),
        ("[{header: Host, any_of: [a]}]", "how a message is sent"),
        ("[{certificate: email, any_of: [a]}]", "not a word here"),
        ("[{header: X-A, any_of: [a], issuer: i}]", "only a `claim`"),
        ("[{claim: scope, any_of: [a]}]", "'issuer', 'audience', 'keys': missing"),
        (f"[{{claim: scope, any_of: [a], {TOKEN}}}]", "'keys': missing"),
        (claim(ED.jwk).replace("scope", "'roles[*]'"), "one member of a token"),
        (claim(ED.jwk).replace("scope", "$"), "one member of a token"),
        ("[{header: X-A, any_of: [a]}, {header: x-a, any_of: [a]}]", "twice"),
    ],
)
def test_a_wrong_condition_is_told(text: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=f"^f:1:.*{told}"):
        read(text)


def jwk(private: Any, algorithm: str, **more: Any) -> dict[str, Any]:
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
    return {**made, **more}


def algorithms(text: str) -> list[str]:
    (found,) = read(text)
    assert isinstance(found, ClaimHolds)
    return [key.algorithm for key in found.keys]


def test_a_key_has_one_algorithm() -> None:
    rsa_key = rsa.generate_private_key(65537, 2048)
    keys = [
        jwk(ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        jwk(ec.generate_private_key(ec.SECP384R1()), "ES384"),
        jwk(rsa_key, "RS256"),
        jwk(rsa_key, "RS256", alg="PS512", kid="1", use="sig", x5t="x", x5c=["MII"]),
    ]
    assert algorithms(claim(*keys)) == ["EdDSA", "ES384", "RS256", "PS512"]


def test_what_an_issuer_publishes_for_encryption_is_left_out() -> None:
    encrypting = jwk(rsa.generate_private_key(65537, 2048), "RS256", use="enc", alg="RSA-OAEP")
    assert algorithms(claim(encrypting, ED.jwk)) == ["EdDSA"]


PRIVATE = jwt.get_algorithm_by_name("EdDSA").to_jwk(ED.private, as_dict=True)
WRONG_KEYS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "none": ([], "1 to 8 keys"),
    "too many": ([ED.jwk | {"kid": str(n)} for n in range(MAX_KEYS + 1)], "1 to 8 keys"),
    "for encryption alone": ([ED.jwk | {"use": "enc"}], "1 to 8 keys"),
    "private": ([PRIVATE], "public keys alone"),
    "a secret": ([{"kty": "oct", "k": "c2VjcmV0"}], "public keys alone"),
    "a secret in disguise": ([{"kty": "oct", "x": "c2VjcmV0"}], "not a public key"),
    "for HS256": ([ED.jwk | {"alg": "HS256"}], "not a public key"),
    "for none": ([ED.jwk | {"alg": "none"}], "not a public key"),
    "for something unheard of": ([ED.jwk | {"alg": "ML-DSA-44"}], "not a public key"),
    "of no kind": ([{"x": ED.jwk["x"]}], "not a public key"),
    "half": ([{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}], "not a public key"),
    "of another curve": (
        [jwk(ec.generate_private_key(ec.SECP256K1()), "ES256K")],
        "ES256K is not one of",
    ),
    "for agreement": (
        [{"kty": "OKP", "crv": "X25519", "x": ED.jwk["x"]}],
        "not a public key",
    ),
    "weak": ([jwk(rsa.generate_private_key(65537, 1024), "RS256")], "less than 2048 bits"),
}


@pytest.mark.parametrize("wrong", WRONG_KEYS.values(), ids=WRONG_KEYS)
def test_a_wrong_key_is_told_and_not_shown(wrong: tuple[list[dict[str, Any]], str]) -> None:
    keys, told = wrong
    with pytest.raises(Misconfigured, match=told) as caught:
        read(claim(*keys))
    assert "c2VjcmV0" not in str(caught.value)
    assert PRIVATE["d"] not in str(caught.value)
