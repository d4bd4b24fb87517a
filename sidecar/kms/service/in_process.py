# SPDX-License-Identifier: Apache-2.0
"""Material that the token cannot hold, or was told not to: sealed at rest, used in this process.

Every call unseals it anew, which is one operation of the token, and forgets it with its own end.
Python cannot wipe memory, so for a while it may still be found there: that is what SOFTWARE means.
Pairs are kept as PKCS #8 (SM2: as the bare number); all other material is random bytes.
"""

from dataclasses import dataclass
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from sidecar.hsm import BadCiphertext, Token
from sidecar.hsm.gcm import IV_BYTES, TAG_BYTES
from sidecar.kms.service import sm2
from sidecar.kms.service.rsa_paddings import ENCRYPTING, SHA_256, SIGNING
from sidecar.kms.service.sealing import seal, unseal
from sidecar.kms.service.specs import Spec

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sm3": hashes.SM3(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_CURVES: dict[str, ec.EllipticCurve] = {
    "secp256r1": ec.SECP256R1(),
    "secp256k1": ec.SECP256K1(),
}


@dataclass(frozen=True, slots=True, repr=False)
class InProcess:
    """A `holder.Holder`."""

    token: Token
    spec: Spec
    version_id: str
    sealed: bytes

    def encrypt(self, text: bytes, additional: bytes) -> tuple[bytes, bytes]:
        # A random 96-bit IV: at most 2**32 messages under one key (NIST SP 800-38D, 8.3).
        iv = self.token.random(IV_BYTES)
        sealing = Cipher(self._cipher(), modes.GCM(iv)).encryptor()
        sealing.authenticate_additional_data(additional)
        return iv, sealing.update(text) + sealing.finalize() + sealing.tag

    def decrypt(self, iv: bytes, ciphertext: bytes, additional: bytes) -> bytes:
        text, tag = ciphertext[:-TAG_BYTES], ciphertext[-TAG_BYTES:]
        if len(iv) != IV_BYTES or len(tag) != TAG_BYTES:
            raise BadCiphertext
        opening = Cipher(self._cipher(), modes.GCM(iv, tag)).decryptor()
        opening.authenticate_additional_data(additional)
        try:
            return opening.update(text) + opening.finalize()
        except InvalidTag as error:
            raise BadCiphertext from error

    def sign(self, algorithm: str, digest: bytes) -> bytes:
        if algorithm == "SM2DSA":
            return sm2.sign(self._material(), digest)
        if algorithm == "ECDSA_SHA_256":
            return self._ec().sign(digest, ec.ECDSA(Prehashed(SHA_256)))
        return self._rsa().sign(digest, SIGNING[algorithm], Prehashed(SHA_256))

    def open(self, algorithm: str, ciphertext: bytes) -> bytes:
        if algorithm == "SM2PKE":
            return sm2.decrypt(self._material(), ciphertext)
        try:
            return self._rsa().decrypt(ciphertext, ENCRYPTING[algorithm])
        except ValueError as error:
            raise BadCiphertext from error

    def mac(self, message: bytes) -> bytes:
        mac = HMAC(self._material(), _HASHES[self.spec.kind.size])
        mac.update(message)
        return mac.finalize()

    def _material(self) -> bytes:
        return unseal_material(self.token, self.version_id, self.sealed)

    def _cipher(self) -> CipherAlgorithm:
        kind = algorithms.SM4 if self.spec.kind.family == "SM4" else algorithms.AES
        return kind(self._material())

    def _rsa(self) -> rsa.RSAPrivateKey:
        # It is as it was made: it was sealed with authentication. A check would take longer than
        # the signature.
        key = load_der_private_key(self._material(), None, unsafe_skip_rsa_key_validation=True)
        return cast("rsa.RSAPrivateKey", key)

    def _ec(self) -> ec.EllipticCurvePrivateKey:
        return cast("ec.EllipticCurvePrivateKey", load_der_private_key(self._material(), None))


def seal_material(token: Token, version_id: str, material: bytes) -> bytes:
    """Seal the material of a version, for `InProcess` to use."""
    return seal(token, material, _purpose(version_id))


def unseal_material(token: Token, version_id: str, sealed: bytes) -> bytes:
    """The material of a version; raise KeyMissing where this token's root key does not open it."""
    return unseal(token, sealed, _purpose(version_id))


def draw(token: Token, spec: Spec) -> tuple[bytes, bytes | None]:
    """New material of `spec`, and its public half where it is a pair."""
    if spec.kind.family == "SM2":
        return sm2.generate()
    if not spec.has_public_key:
        return token.random(spec.size), None
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if spec.kind.family == "RSA":
        private = rsa.generate_private_key(65537, int(spec.kind.size))
    else:
        private = ec.generate_private_key(_CURVES[spec.kind.size])
    return (
        private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )


def _purpose(version_id: str) -> str:
    return f"the material of key version {version_id}"
