# SPDX-License-Identifier: Apache-2.0
"""The keys of a token as they are found on the session that stands.

What was found is remembered as long as the session. "No such key" is believed only of a connection
just made, on which the anchor is found: a token whose storage has vanished gives the same answer.
What the binding raises passes through; `token` translates it, and tries again.
"""

from typing import cast

import pkcs11
from pkcs11 import Attribute, ObjectClass

from sidecar.hsm import gcm
from sidecar.hsm.connection import Connection
from sidecar.hsm.errors import KeyMissing
from sidecar.hsm.handle import KeyHandle
from sidecar.hsm.reserved import ANCHOR_ID
from sidecar.hsm.uri import Pkcs11Uri

_KNOWN = b"envelope-sidecar known value"
_HELD = (ObjectClass.SECRET_KEY, ObjectClass.PRIVATE_KEY)


class AnchorMissing(pkcs11.PKCS11Error):
    """This is not the token that was provisioned, or its storage is away."""


class Lookup:
    """Finds keys by their ids."""

    def __init__(self, uri: Pkcs11Uri) -> None:
        self.connection = Connection(uri)
        self._keys: dict[bytes, KeyHandle] = {}

    @property
    def session(self) -> pkcs11.Session:
        return self.connection.session

    def close(self) -> None:
        self._keys.clear()
        self.connection.close()

    def forget(self) -> None:
        """Drop every handle; what comes next connects afresh."""
        self._keys.clear()
        self.connection.drop()

    def forget_key(self, key_id: bytes) -> None:
        """Look the key up when it is wanted again."""
        self._keys.pop(key_id, None)

    def ids(self) -> list[bytes]:
        """The ids of all secret and private keys."""
        return [key_id for kind in _HELD for key_id in self._ids(kind)]

    def search(self, key_id: bytes) -> KeyHandle | None:
        """What the token says that it has, whatever was found before."""
        # Whatever else a token holds under an id (public keys, certificates) is not private.
        asked = {Attribute.TOKEN: True, Attribute.PRIVATE: True, Attribute.ID: key_id}
        found = list(self.session.get_objects(asked))
        if len(found) > 1:
            raise pkcs11.MultipleObjectsReturned
        return cast("KeyHandle", found[0]) if found else None

    def find(self, key_id: bytes) -> KeyHandle:
        """The key; raise KeyMissing where it is proven that the token lacks it."""
        key = self._keys.get(key_id) or self.search(key_id)
        if key is None:
            self.forget()
            self.prove_anchor()
            key = self.search(key_id)
        if key is None:
            raise KeyMissing(f"the token does not hold key {key_id.hex()}")
        self._keys[key_id] = key
        return key

    def prove_anchor(self) -> None:
        """Raise AnchorMissing, or what else shows that the token does not do its work."""
        anchor = self.search(ANCHOR_ID)
        if anchor is None:
            raise AnchorMissing
        iv, ciphertext = gcm.encrypt(self.session, anchor, _KNOWN, b"")
        if gcm.decrypt(anchor, iv, ciphertext, b"") != _KNOWN:
            raise pkcs11.DeviceError

    def _ids(self, kind: ObjectClass) -> list[bytes]:
        asked = {Attribute.CLASS: kind, Attribute.TOKEN: True}
        return [cast("bytes", key[Attribute.ID]) for key in list(self.session.get_objects(asked))]
