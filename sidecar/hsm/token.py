# SPDX-License-Identifier: Apache-2.0
"""What we ask of a token: AES keys that never leave it, and AES-GCM under them.

Used on one thread only (`thread.HsmThread`); several threads in one module crash SoftHSM.

The plan. Each call runs on the session that stands. If the binding reports a failure, the whole
connection is made afresh and the call is tried once more; if that fails as well, the answer is
HsmUnavailable, and the next call starts from nothing. So a token heals by itself.

Two answers need proof, because a token whose storage has vanished gives the same ones:
"no such key" is believed only of a connection just made, on which the *anchor* (a key planted at
provisioning) is found; a failed decryption is the ciphertext's fault only if the anchor, looked
up anew, still encrypts and decrypts a known value.
"""

from collections.abc import Callable
from typing import Protocol, cast

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.mechanisms import GCMParams

from sidecar.hsm.connection import Connection
from sidecar.hsm.errors import BadCiphertext, HsmError, HsmUnavailable, KeyMissing
from sidecar.hsm.uri import Pkcs11Uri

IV_BYTES = 12
TAG_BYTES = 16
ANCHOR_ID = b"envelope-sidecar:anchor"
_KNOWN = b"envelope-sidecar known value"
MAX_KEY_ID_BYTES = 255

# Which errors of a decryption may mean a bad ciphertext. SoftHSM says GeneralError.
_PERHAPS_BAD_CIPHERTEXT = (
    pkcs11.GeneralError,
    pkcs11.EncryptedDataInvalid,
    pkcs11.EncryptedDataLenRange,
    pkcs11.FunctionFailed,
)


class AnchorMissing(pkcs11.PKCS11Error):
    """This is not the token that was provisioned, or its storage is away."""


class AesKey(Protocol):
    """The handle of an AES key, as the binding hands it out."""

    def encrypt(
        self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams
    ) -> bytes: ...

    def decrypt(
        self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams
    ) -> bytes: ...

    def destroy(self) -> None: ...


class Token:
    """The keys of one token. Every method may raise HsmUnavailable."""

    def __init__(self, uri: Pkcs11Uri) -> None:
        self._connection = Connection(uri)
        self._keys: dict[bytes, AesKey] = {}

    def __repr__(self) -> str:
        return f"Token({self._connection.uri})"

    def close(self) -> None:
        """Log out and let the module go."""
        self._keys.clear()
        self._connection.close()

    def forget(self) -> None:
        """Drop every handle; the next call connects afresh. A forked child needs this."""
        self._keys.clear()
        self._connection.drop()

    # -- keys

    def plant_anchor(self) -> None:
        """Make the anchor where there is none; part of provisioning a token."""
        if self._repeating(lambda: self._search(ANCHOR_ID)) is None:
            self._once(lambda: self._generate(ANCHOR_ID, "envelope-sidecar anchor", 256))

    def generate_aes(self, key_id: bytes, label: str, bits: int) -> None:
        """Make an AES key of `bits` bits that can never be read or wrapped out of the token."""
        if bits not in (128, 192, 256):
            raise HsmError(f"AES has no keys of {bits} bits")
        if not 0 < len(key_id) <= MAX_KEY_ID_BYTES or key_id == ANCHOR_ID:
            raise HsmError("this key id is not to be had")
        if self._repeating(lambda: self._search(key_id)) is not None:
            raise HsmError("a key with this id stands in the token already")
        self._once(lambda: self._generate(key_id, label, bits))

    def list_key_ids(self) -> list[bytes]:
        """The ids of all secret keys but the anchor, sorted."""

        def work() -> list[bytes]:
            found = self._connection.session.get_objects(
                {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.TOKEN: True}
            )
            ids = [cast("bytes", key[Attribute.ID]) for key in list(found)]
            if ANCHOR_ID not in ids:
                raise AnchorMissing
            return sorted(key_id for key_id in ids if key_id != ANCHOR_ID)

        return self._repeating(work)

    # -- operations

    def encrypt_gcm(self, key_id: bytes, plaintext: bytes, aad: bytes) -> tuple[bytes, bytes]:
        """AES-GCM under the key: (IV, ciphertext with tag). The IV is the token's own random.

        With random 96-bit IVs a key serves for 2**32 messages (NIST SP 800-38D, 8.3).
        """
        return self._repeating(lambda: self._encrypt(self._find(key_id), plaintext, aad))

    def decrypt_gcm(self, key_id: bytes, iv: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """What `encrypt_gcm` was given; raise BadCiphertext or KeyMissing."""

        def work() -> bytes:
            key = self._find(key_id)
            if len(iv) != IV_BYTES or len(ciphertext) < TAG_BYTES:
                raise BadCiphertext
            try:
                return self._decrypt(key, iv, ciphertext, aad)
            except _PERHAPS_BAD_CIPHERTEXT as error:
                self._prove_anchor()
                raise BadCiphertext from error

        return self._repeating(work)

    def random(self, size: int) -> bytes:
        """`size` bytes of the token's random generator."""
        return self._repeating(lambda: self._connection.session.generate_random(size * 8))

    def has_anchor(self) -> bool:
        """Whether this is the token that was provisioned; if so, that it works is seen as well."""

        def work() -> bool:
            if self._search(ANCHOR_ID) is None:
                return False
            self._prove_anchor()
            return True

        return self._repeating(work)

    # -- how a call fails and heals

    def _repeating[T](self, work: Callable[[], T]) -> T:
        """Run `work`, and once more on a fresh connection if it fails on one that stood before."""
        if self._connection.is_open:
            try:
                return work()
            except pkcs11.PKCS11Error:
                self.forget()
        return self._once(work)

    def _once[T](self, work: Callable[[], T]) -> T:
        try:
            return work()
        except pkcs11.PKCS11Error as error:
            self.forget()
            raise HsmUnavailable(f"the token failed: {type(error).__name__}") from error
        except HsmUnavailable:
            self.forget()
            raise

    # -- on the session; these raise what the binding raises

    def _search(self, key_id: bytes) -> AesKey | None:
        found = list(
            self._connection.session.get_objects(
                {
                    Attribute.CLASS: ObjectClass.SECRET_KEY,
                    Attribute.TOKEN: True,
                    Attribute.ID: key_id,
                }
            )
        )
        if len(found) > 1:
            raise pkcs11.MultipleObjectsReturned
        return cast("AesKey", found[0]) if found else None

    def _find(self, key_id: bytes) -> AesKey:
        key = self._keys.get(key_id) or self._search(key_id)
        if key is None:
            self.forget()
            self._prove_anchor()
            key = self._search(key_id)
        if key is None:
            raise KeyMissing(f"the token does not hold key {key_id.hex()}")
        self._keys[key_id] = key
        return key

    def _prove_anchor(self) -> None:
        anchor = self._search(ANCHOR_ID)
        if anchor is None:
            raise AnchorMissing
        iv, ciphertext = self._encrypt(anchor, _KNOWN, b"")
        if self._decrypt(anchor, iv, ciphertext, b"") != _KNOWN:
            raise pkcs11.DeviceError

    def _generate(self, key_id: bytes, label: str, bits: int) -> None:
        key = self._connection.session.generate_key(
            KeyType.AES,
            bits,
            id=key_id,
            label=label,
            store=True,
            capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
            template={
                Attribute.PRIVATE: True,
                Attribute.SENSITIVE: True,
                Attribute.EXTRACTABLE: False,
                Attribute.MODIFIABLE: False,
            },
        )
        # The token's own word, not our wish: some modules drop attributes that they do not know.
        if not (key[Attribute.ALWAYS_SENSITIVE] and key[Attribute.NEVER_EXTRACTABLE]):
            key.destroy()
            raise HsmError("the token does not keep keys from being extracted")

    def _encrypt(self, key: AesKey, plaintext: bytes, aad: bytes) -> tuple[bytes, bytes]:
        iv = self._connection.session.generate_random(IV_BYTES * 8)
        parameters = GCMParams(iv, aad, TAG_BYTES * 8)
        return iv, key.encrypt(plaintext, mechanism=Mechanism.AES_GCM, mechanism_param=parameters)

    @staticmethod
    def _decrypt(key: AesKey, iv: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        parameters = GCMParams(iv, aad, TAG_BYTES * 8)
        return key.decrypt(ciphertext, mechanism=Mechanism.AES_GCM, mechanism_param=parameters)
