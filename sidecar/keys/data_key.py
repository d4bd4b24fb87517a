# SPDX-License-Identifier: Apache-2.0
"""A data key at work: seals and opens values, counts what it sealed, never shows itself."""

from collections.abc import Callable

from sidecar.envelope import Envelope, Keyed, TextSealer, decrypt, keyed
from sidecar.keys.material import KeyMaterial
from sidecar.keys.providers import OpenedDataKey


class DataKey(KeyMaterial):
    """One data key, with the EDK that stands in every envelope made under it.

    `messages` and `sealed_bytes` count what was sealed under it in this process.
    """

    __slots__ = (
        "_keyed",
        "_salt",
        "_sealer",
        "edk",
        "key_id",
        "key_version_id",
        "messages",
        "sealed_bytes",
        "suite",
    )

    def __init__(
        self, opened: OpenedDataKey, edk: bytes, suite: int, salt: Callable[[], bytes]
    ) -> None:
        self._keyed: dict[int, Keyed] = {}
        self._sealer: TextSealer | None = None
        super().__init__(opened.plaintext)
        self._salt = salt
        self.edk = edk
        self.key_id = opened.key_id
        self.key_version_id = opened.key_version_id
        self.suite = suite
        self.messages = 0
        self.sealed_bytes = 0

    def seal(self, context: bytes, plaintext: bytes) -> bytes:
        """The envelope of `plaintext` at `context`, in text; KeyUnavailable once destroyed."""
        sealer = self._sealer or self._begin_to_seal()
        self.messages += 1
        self.sealed_bytes += len(plaintext)
        return sealer.seal(context, self._salt(), plaintext)

    def open(self, sealed: Envelope, context: bytes) -> bytes:
        """The plaintext of `sealed` at `context`; CannotOpen, KeyUnavailable once destroyed."""
        key = self._keyed.get(sealed.suite) or self._key(sealed.suite)
        return decrypt(key, context, sealed.body)

    def _begin_to_seal(self) -> TextSealer:
        self._sealer = TextSealer(self._keyed.get(self.suite) or self._key(self.suite), self.edk)
        return self._sealer

    def _key(self, suite: int) -> Keyed:
        """The key at work in `suite`, from its first value there on."""
        key = self._keyed[suite] = keyed(suite, self.material)
        return key

    def destroy(self) -> None:
        """Overwrite the key and let go of all that was keyed with it."""
        self._sealer = None
        self._keyed.clear()
        super().destroy()

    def __repr__(self) -> str:
        return f"<DataKey of CMK {self.key_id}/{self.key_version_id}, {self.messages} messages>"
