# SPDX-License-Identifier: Apache-2.0
"""The ids of keys of a token that are not a caller's."""

RESERVED_IDS = b"envelope-sidecar:"
"""How they begin; `Token.list_key_ids` leaves them out."""
ANCHOR_ID = RESERVED_IDS + b"anchor"
"""An AES key that shows whether this is the token that was provisioned."""
ROOT_ID = RESERVED_IDS + b"root"
"""An AES key that seals what the token itself cannot hold."""
