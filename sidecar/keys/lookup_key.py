# SPDX-License-Identifier: Apache-2.0
"""A lookup key at work: equal values become equal envelopes, digits become other digits.

Its EDK stands in the rule, so replicas share it. It draws no salt and has no age: what it made is
compared with what it will make, so it changes only when the rule lists another key before it.
"""

from sidecar import envelope
from sidecar.keys.material import KeyMaterial
from sidecar.keys.providers import OpenedDataKey


class LookupKey(KeyMaterial):
    """One lookup key; `id` is how envelopes refer to it."""

    __slots__ = ("id", "key_id", "key_version_id")

    def __init__(self, opened: OpenedDataKey, edk: bytes) -> None:
        super().__init__(opened.plaintext)
        self.id = envelope.lookup_key_id(edk)
        self.key_id = opened.key_id
        self.key_version_id = opened.key_version_id

    def seal(self, context: bytes, plaintext: bytes) -> bytes:
        """The one envelope of `plaintext` at `context`, which names no record, in text."""
        sealed = envelope.seal_equal(self.material, self.id, context, plaintext)
        return envelope.to_ascii(sealed)

    def open(self, sealed: envelope.Envelope, context: bytes) -> bytes:
        """The plaintext of `sealed`; CannotOpen."""
        return envelope.open_equal(self.material, sealed, context)

    def protect(self, context: bytes, text: str, keep_last: int) -> str:
        """`text` with its digits replaced, all but the last `keep_last`; Refused when too few."""
        return envelope.protect(self.material, context, text, keep_last)

    def reveal(self, context: bytes, text: str, keep_last: int) -> str:
        """The inverse of `protect`. There is no check: other digits reveal other digits."""
        return envelope.reveal(self.material, context, text, keep_last)

    def fingerprint(self, context: bytes, plaintext: bytes) -> str:
        """What tells equal values at `context` from others, and nothing more of them."""
        return envelope.fingerprint(self.material, context, plaintext)

    def __repr__(self) -> str:
        return f"<LookupKey {self.id.hex()} of CMK {self.key_id}/{self.key_version_id}>"
