# SPDX-License-Identifier: Apache-2.0
"""One who vouches for workloads: signs ID tokens and publishes its keys."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER = "https://issuer.test"
AUDIENCE = "sts.aliyuncs.com"
SUBJECT = "system:serviceaccount:shop:crm"


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class Issuer:
    """Its keys have ids; `published` is what it shows of them."""

    def __init__(self) -> None:
        self._keys: dict[str, Any] = {}
        self.rotate()

    def rotate(self, algorithm: str = "RS256") -> str:
        """Sign by a new key from now on; its id."""
        is_rsa = algorithm == "RS256"
        key: Any = (
            rsa.generate_private_key(65537, 2048)
            if is_rsa
            else ec.generate_private_key(ec.SECP256R1())
        )
        self.algorithm, self.key_id = algorithm, str(uuid.uuid4())
        self._keys[self.key_id] = key
        return self.key_id

    def published(self) -> str:
        return json.dumps({"keys": [self._public(key_id) for key_id in self._keys]})

    def _public(self, key_id: str) -> dict[str, Any]:
        key = self._keys[key_id].public_key()
        kind = RSAAlgorithm if isinstance(key, rsa.RSAPublicKey) else ECAlgorithm
        return {**kind.to_jwk(key, as_dict=True), "kid": key_id, "use": "sig"}

    def token(self, **claims: object) -> str:
        """A good token, but for `claims`; one of them that is None is left out."""
        now = int(time.time())
        good = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "exp": now + 600}
        said = {name: one for name, one in {**good, **claims}.items() if one is not None}
        return jwt.encode(
            said, self._keys[self.key_id], self.algorithm, headers={"kid": self.key_id}
        )

    def sign(self, head: bytes, payload: bytes) -> str:
        """Sign exactly these bytes, by its key of now, which is RSA."""
        text = b".".join(map(base64url, (head, payload)))
        signature = self._keys[self.key_id].sign(text, PKCS1v15(), SHA256())
        return (text + b"." + base64url(signature)).decode()

    def public_pem(self) -> bytes:
        public = self._keys[self.key_id].public_key()
        pem: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem
