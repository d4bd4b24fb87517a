# SPDX-License-Identifier: Apache-2.0
"""AES-GCM under a key of the token (NIST SP 800-38D): 96-bit IVs, 128-bit tags."""

import pkcs11
from pkcs11 import Mechanism
from pkcs11.mechanisms import GCMParams

from sidecar.hsm.handle import KeyHandle

IV_BYTES = 12
TAG_BYTES = 16


def encrypt(
    session: pkcs11.Session, key: KeyHandle, plaintext: bytes, aad: bytes
) -> tuple[bytes, bytes]:
    """The IV, which is the token's own random, and the ciphertext with its tag."""
    iv = session.generate_random(IV_BYTES * 8)
    parameters = GCMParams(iv, aad, TAG_BYTES * 8)
    return iv, key.encrypt(plaintext, mechanism=Mechanism.AES_GCM, mechanism_param=parameters)


def decrypt(key: KeyHandle, iv: bytes, ciphertext: bytes, aad: bytes) -> bytes:
    """What was encrypted; raise what the binding raises."""
    parameters = GCMParams(iv, aad, TAG_BYTES * 8)
    return key.decrypt(ciphertext, mechanism=Mechanism.AES_GCM, mechanism_param=parameters)
