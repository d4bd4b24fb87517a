# SPDX-License-Identifier: Apache-2.0
"""An issuer of tokens, as a rule knows it and as it signs them."""

import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sidecar.fieldpath import FieldPath
from sidecar.rules import ClaimHolds, VerifyingKey

ISSUER = "https://login.example.org"
AUDIENCE = "crm"
NOW = 1_800_000_000.0
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "exp": NOW + 60,
    "nbf": NOW,
    "scope": "profile pii.read",
}

_KEYS = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
}


class Issuer:
    """Signs by one algorithm, with a key of its own."""

    def __init__(self, algorithm: str = "EdDSA") -> None:
        self.algorithm = algorithm
        self.private: Any = _KEYS[algorithm]()
        made = jwt.get_algorithm_by_name(algorithm).to_jwk(self.private.public_key(), as_dict=True)
        self.jwk: dict[str, Any] = {**made, "alg": algorithm}

    @property
    def verifying(self) -> VerifyingKey:
        return VerifyingKey(self.algorithm, json.dumps(self.jwk))

    def token(self, *without: str, **claims: object) -> str:
        """A token with the usual claims, but for those that are changed or left out."""
        chosen = {name: value for name, value in CLAIMS.items() if name not in without} | claims
        return jwt.encode(chosen, self.private, self.algorithm)


def condition(*issuers: Issuer, path: str = "scope") -> ClaimHolds:
    keys = tuple(issuer.verifying for issuer in issuers)
    return ClaimHolds(FieldPath.parse(path), ("pii.read",), ISSUER, AUDIENCE, keys)
