# SPDX-License-Identifier: Apache-2.0
"""A KMS that ends with its process, for rehearsals of rules: it has every CMK that a rule names.

Real ciphers, and blobs in the vendor's layout; but whatever is sealed under these CMKs is lost when
the process ends. So nothing that reaches a store may be: an import contract keeps this module away
from all that serves.
"""

import os
import uuid
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sidecar.errors import CannotOpen
from sidecar.keys.names import KeyContext
from sidecar.keys.providers import (
    DATA_KEY_LENGTH,
    CmkDescription,
    GeneratedDataKey,
    OpenedDataKey,
)
from sidecar.keys.providers.blob import VERSION_ID_LENGTH, is_plausible

_IV_LENGTH = 12


@dataclass(slots=True)
class EphemeralCmk:
    """One CMK of one version, which lives as long as this object."""

    key_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    version_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    _cipher: AESGCM = field(default_factory=lambda: AESGCM(os.urandom(32)), repr=False)

    def generate(self, context: KeyContext) -> GeneratedDataKey:
        """A new data key, bound to `context`."""
        key, iv = bytearray(os.urandom(DATA_KEY_LENGTH)), os.urandom(_IV_LENGTH)
        sealed = self._cipher.encrypt(iv, b64encode(key), repr(context).encode())
        edk = self.version_id.encode() + iv + sealed
        return GeneratedDataKey(key, self.key_id, self.version_id, edk)

    def open(self, edk: bytes, context: KeyContext) -> OpenedDataKey:
        """The data key in `edk`; CannotOpen where it is of another CMK or context."""
        rest = edk[VERSION_ID_LENGTH:]
        try:
            text = self._cipher.decrypt(
                rest[:_IV_LENGTH], rest[_IV_LENGTH:], repr(context).encode()
            )
        except InvalidTag:
            raise CannotOpen from None
        return OpenedDataKey(bytearray(b64decode(text)), self.key_id, self.version_id)


class EphemeralProvider:
    """Every CMK there could be, each made when it is first named."""

    is_plausible = staticmethod(is_plausible)

    def __init__(self) -> None:
        self._cmks: dict[str, EphemeralCmk] = {}  # by every name it was asked for by, and by id

    async def generate_data_key(self, cmk: str, context: KeyContext) -> GeneratedDataKey:
        return self._find(cmk).generate(context)

    async def decrypt(self, edk: bytes, context: KeyContext) -> OpenedDataKey:
        version_id = edk[:VERSION_ID_LENGTH].decode("latin-1")
        for cmk in self._cmks.values():
            if cmk.version_id == version_id:
                return cmk.open(edk, context)
        raise CannotOpen

    async def describe_key(self, cmk: str) -> CmkDescription:
        return CmkDescription(self._find(cmk).key_id, "Enabled")

    async def aclose(self) -> None:
        """Let go of every CMK."""
        self._cmks.clear()

    def _find(self, name: str) -> EphemeralCmk:
        if name not in self._cmks:
            cmk = EphemeralCmk()
            self._cmks |= {name: cmk, cmk.key_id: cmk}
        return self._cmks[name]
