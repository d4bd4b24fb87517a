# SPDX-License-Identifier: Apache-2.0
"""The 国密 suite: SM4-GCM (RFC 8998) and HMAC-SM3 in the shape of chunked-encryption."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SM3

from sidecar.envelope.chunks import TAG_LENGTH
from sidecar.envelope.suite import Buffer, ChunkedSuite


class Sm4Gcm:
    """SM4-GCM with the methods of the AEAD classes of `cryptography`, which has none for SM4."""

    __slots__ = ("_algorithm",)

    def __init__(self, key: bytes) -> None:
        self._algorithm = SM4(key)

    def encrypt(self, nonce: Buffer, data: Buffer, associated_data: None) -> bytes:
        del associated_data  # the construction has none
        cipher = Cipher(self._algorithm, GCM(bytes(nonce))).encryptor()
        return cipher.update(data) + cipher.finalize() + cipher.tag

    def decrypt(self, nonce: Buffer, data: Buffer, associated_data: None) -> bytes:
        del associated_data
        tag = bytes(data[-TAG_LENGTH:])
        cipher = Cipher(self._algorithm, GCM(bytes(nonce), tag)).decryptor()
        return cipher.update(data[:-TAG_LENGTH]) + cipher.finalize()

    def encrypt_into(
        self, nonce: Buffer, data: Buffer, associated_data: None, buf: memoryview
    ) -> int:
        buf[:] = self.encrypt(nonce, data, associated_data)
        return len(buf)

    def decrypt_into(
        self, nonce: Buffer, data: Buffer, associated_data: None, buf: memoryview
    ) -> int:
        buf[:] = self.decrypt(nonce, data, associated_data)
        return len(buf)


SUITE = ChunkedSuite(
    id=2,
    name="sm4-gcm-sm3",
    aead=b"AEAD_SM4_GCM",
    hash=SM3(),
    cipher_key_length=16,
    cipher=Sm4Gcm,
)
