# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between us and a token.

    HsmError
     ├── HsmUnavailable   module, token, session or PIN: nothing is known about any key now
     ├── KeyMissing       the token itself is present and works, and it does not hold the key
     └── BadCiphertext    the token works, and the ciphertext, its IV or its AAD is not what it was

The first two must never be mixed up: a KMS that hears "key missing" may give data up for lost.
"""

from sidecar.errors import SidecarError


class HsmError(SidecarError):
    """The token was asked for something that it does not do."""

    code = "hsm"


class HsmUnavailable(HsmError):
    """The token cannot be used now; a later call may find it healed."""

    status = 503
    code = "hsm_unavailable"


class KeyMissing(HsmError):
    """A token that proved to be present does not hold this key."""

    code = "key_missing"


class BadCiphertext(HsmError):
    """Authenticated decryption failed on a token that proved to be healthy."""

    status = 400
    code = "bad_ciphertext"

    def __init__(self) -> None:
        super().__init__("the ciphertext does not decrypt under this key and context")
