# SPDX-License-Identifier: Apache-2.0
"""The outer shape of the vendor's CiphertextBlobs, which the bundled core and `memory` share.

A blob starts with the id of the key version, 36 printable ASCII characters; then come the IV (12
bytes), the Base64 text of the data key (44) and the tag (16). Nothing more is asked of it, so that
a longer blob of a newer KMS is still tried; what is refused costs no question.
"""

from sidecar.envelope import MAX_EDK_LENGTH

VERSION_ID_LENGTH = 36
MIN_LENGTH = VERSION_ID_LENGTH + 12 + 44 + 16
_PRINTABLE = frozenset(range(0x21, 0x7F))


def is_plausible(edk: bytes) -> bool:
    """Whether `edk` may be a blob of a data key."""
    return MIN_LENGTH <= len(edk) <= MAX_EDK_LENGTH and _PRINTABLE.issuperset(
        edk[:VERSION_ID_LENGTH]
    )
