# SPDX-License-Identifier: Apache-2.0
"""Who holds the material of a key version, and does what only its holder can.

    in_token.InToken       ProtectionLevel HSM: the token does it, and the material stays there
    in_process.InProcess   ProtectionLevel SOFTWARE: unsealed, used once in this process, dropped

What needs no secret (verifying, encrypting to a public key) is in `public_keys`.
"""

from typing import Protocol


class Holder(Protocol):
    """One key version. Which of these it can do is a matter of its spec (`specs.SPECS`).

    Every method may raise KeyMissing, where the material is lost, and HsmUnavailable.
    """

    def encrypt(self, text: bytes, additional: bytes) -> tuple[bytes, bytes]:
        """GCM with a random IV: IV (12 bytes), ciphertext with tag (16 bytes)."""
        ...

    def decrypt(self, iv: bytes, ciphertext: bytes, additional: bytes) -> bytes:
        """What `encrypt` was given; raise BadCiphertext."""
        ...

    def sign(self, algorithm: str, digest: bytes) -> bytes:
        """A signature over a digest of 32 bytes, in the algorithm's usual encoding."""
        ...

    def open(self, algorithm: str, ciphertext: bytes) -> bytes:
        """What was encrypted to the public key; raise BadCiphertext."""
        ...

    def mac(self, message: bytes) -> bytes:
        """The HMAC of `message`."""
        ...
