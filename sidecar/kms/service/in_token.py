# SPDX-License-Identifier: Apache-2.0
"""Material that is in the token: it is used there and nowhere else."""

from dataclasses import dataclass

from sidecar.hsm import Token, rsa, signatures
from sidecar.kms.service.specs import Spec

_OAEP = {"RSAES_OAEP_SHA_256": rsa.Oaep.SHA_256, "RSAES_OAEP_SHA_1": rsa.Oaep.SHA_1}
_SIGNING = {
    "RSA_PKCS1_SHA_256": rsa.sign_pkcs1,
    "RSA_PSS_SHA_256": rsa.sign_pss,
    "ECDSA_SHA_256": signatures.sign_ecdsa,
}


@dataclass(frozen=True, slots=True)
class InToken:
    """A `holder.Holder`."""

    token: Token
    spec: Spec
    key_id: bytes

    def encrypt(self, text: bytes, additional: bytes) -> tuple[bytes, bytes]:
        return self.token.encrypt_gcm(self.key_id, text, additional)

    def decrypt(self, iv: bytes, ciphertext: bytes, additional: bytes) -> bytes:
        return self.token.decrypt_gcm(self.key_id, iv, ciphertext, additional)

    def sign(self, algorithm: str, digest: bytes) -> bytes:
        return _SIGNING[algorithm](self.token, self.key_id, digest)

    def open(self, algorithm: str, ciphertext: bytes) -> bytes:
        return rsa.decrypt_oaep(self.token, self.key_id, ciphertext, _OAEP[algorithm])

    def mac(self, message: bytes) -> bytes:
        return signatures.mac(self.token, self.key_id, self.spec.kind.size, message)
