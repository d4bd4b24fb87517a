# SPDX-License-Identifier: Apache-2.0
"""What we ask of a token: keys that never leave it, found by their id, and AES-GCM under them.

Keys of other kinds are made in `making` and used in `rsa` and `signatures`, by way of `make`,
`using` and `opening` here. Of a pair the token keeps the private half alone, so an id is one key.

Used on one thread only (`thread.HsmThread`); several threads in one module crash SoftHSM.

The plan. Each call runs on the session that stands. If the binding reports a failure, the whole
connection is made afresh and the call is tried once more; if that fails as well, the answer is
HsmUnavailable, and the next call starts from nothing. So a token heals by itself.

Two answers need proof, because a token whose storage has vanished gives the same ones:
"no such key" is believed only of a connection just made, on which the *anchor* (a key planted at
provisioning) is found; a failed decryption is the ciphertext's fault only if the anchor, looked
up anew, still encrypts and decrypts a known value.
"""

from collections.abc import Callable, Mapping

import pkcs11

from sidecar.hsm import gcm, making, pending
from sidecar.hsm.errors import BadCiphertext, HsmError, HsmUnavailable, KeyMissing
from sidecar.hsm.handle import KeyHandle
from sidecar.hsm.lookup import AnchorMissing, Lookup
from sidecar.hsm.reserved import ANCHOR_ID, RESERVED_IDS, ROOT_ID
from sidecar.hsm.uri import Pkcs11Uri

MAX_KEY_ID_BYTES = 255

# Which errors of a decryption may mean a bad ciphertext. SoftHSM says GeneralError.
_PERHAPS_BAD_CIPHERTEXT = (
    pkcs11.GeneralError,
    pkcs11.EncryptedDataInvalid,
    pkcs11.EncryptedDataLenRange,
    pkcs11.FunctionFailed,
)


class Token:
    """The keys of one token. Every method may raise HsmUnavailable."""

    def __init__(self, uri: Pkcs11Uri) -> None:
        self._lookup = Lookup(uri)
        self.probed: dict[object, bool] = {}
        """What was found out about this token, for `probing`."""
        self.has_pending = False
        """Whether keys were made or given up here that `settle` was not told about yet."""

    def __repr__(self) -> str:
        return f"Token({self._lookup.connection.uri})"

    def connect(self) -> None:
        """Log in where that is not done yet, and have patience with the logins of others."""
        self._once(self._lookup.connection.connect)

    def close(self) -> None:
        """Log out and let the module go."""
        self._lookup.close()

    def forget(self) -> None:
        """Drop every handle; the next call connects afresh. A forked child needs this."""
        self._lookup.forget()

    # -- keys

    def prepare(self) -> None:
        """Make the anchor and the root key where there are none; part of provisioning a token."""
        self._plant(ANCHOR_ID, "anchor")
        self._plant(ROOT_ID, "root key")

    def generate_aes(self, key_id: bytes, label: str, bits: int) -> None:
        """Make an AES key of `bits` bits that can never be read or wrapped out of the token."""
        if bits not in (128, 192, 256):
            raise HsmError(f"AES has no keys of {bits} bits")
        self.make(key_id, making.aes(key_id, label, bits))

    def make[T](self, key_id: bytes, work: Callable[[pkcs11.Session], T]) -> T:
        """Let `work` make the key that `key_id` shall name from now on."""
        if not 0 < len(key_id) <= MAX_KEY_ID_BYTES or key_id in (ANCHOR_ID, ROOT_ID):
            raise HsmError("this key id is not to be had")
        if self._repeating(lambda: self._lookup.search(key_id)) is not None:
            raise HsmError("a key with this id stands in the token already")
        self._mark(key_id)
        return self._once(lambda: work(self._lookup.session))

    def give_up(self, key_id: bytes) -> None:
        """Let `settle` destroy the key, once it is durable that nobody names it any more."""
        self._mark(key_id)

    def list_pending(self) -> list[bytes]:
        """The ids of the keys, of every process, that wait for `settle`."""
        return self._repeating(lambda: pending.marked(self._lookup.session))

    def settle(self, key_id: bytes, *, keep: bool) -> None:
        """Keep the key that was made, or destroy it; either way nothing is left open."""
        if not keep:
            self.destroy(key_id)
        self._repeating(lambda: pending.clear(self._lookup.session, key_id))
        self.has_pending = False

    def _mark(self, key_id: bytes) -> None:
        self._repeating(lambda: pending.mark(self._lookup.session, key_id))
        self.has_pending = True

    def destroy(self, key_id: bytes) -> None:
        """Destroy the key for good; one that is not there is destroyed already."""

        def work() -> None:
            self._lookup.find(key_id).destroy()

        try:
            self._repeating(work)
        except KeyMissing:
            pass
        finally:
            self._lookup.forget_key(key_id)

    def list_key_ids(self) -> list[bytes]:
        """The ids of all secret and private keys but the reserved ones, sorted."""

        def work() -> list[bytes]:
            ids = self._lookup.ids()
            if ANCHOR_ID not in ids:
                raise AnchorMissing
            return sorted(key_id for key_id in ids if not key_id.startswith(RESERVED_IDS))

        return self._repeating(work)

    def mechanisms(self) -> Mapping[int, range]:
        """What the token says that it can do, and with keys of which sizes (in its own units)."""

        def work() -> Mapping[int, range]:
            slot = self._lookup.session.token.slot
            told = {int(m): slot.get_mechanism_info(m) for m in slot.get_mechanisms()}
            return {
                number: range(info.min_key_length or 0, (info.max_key_length or 0) + 1)
                for number, info in told.items()
            }

        return self._repeating(work)

    def attempt(self, work: Callable[[pkcs11.Session], bool]) -> bool:
        """What `work` says that the token can do; no where it says so itself."""

        def attempted() -> bool:
            try:
                return work(self._lookup.session)
            except pkcs11.PKCS11Error:
                # It said no to this, and not to everything. There may be no anchor yet.
                self._lookup.session.generate_random(8)
                return False

        return self._repeating(attempted)

    # -- operations

    def encrypt_gcm(self, key_id: bytes, plaintext: bytes, aad: bytes) -> tuple[bytes, bytes]:
        """AES-GCM under the key: (IV, ciphertext with tag). The IV is the token's own random.

        With random 96-bit IVs a key serves for 2**32 messages (NIST SP 800-38D, 8.3).
        """

        def work() -> tuple[bytes, bytes]:
            key = self._lookup.find(key_id)
            return gcm.encrypt(self._lookup.session, key, plaintext, aad)

        return self._repeating(work)

    def decrypt_gcm(self, key_id: bytes, iv: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """What `encrypt_gcm` was given; raise BadCiphertext or KeyMissing."""

        def work(key: KeyHandle) -> bytes:
            if len(iv) != gcm.IV_BYTES or len(ciphertext) < gcm.TAG_BYTES:
                raise BadCiphertext
            return gcm.decrypt(key, iv, ciphertext, aad)

        return self.opening(key_id, work)

    def holds(self, key_id: bytes) -> bool:
        """Whether the token holds the key now, whatever was known of it."""
        self._lookup.forget_key(key_id)
        try:
            self.using(key_id, lambda _: None)
        except KeyMissing:
            return False
        return True

    def using[T](self, key_id: bytes, work: Callable[[KeyHandle], T]) -> T:
        """Let `work` use the key; raise KeyMissing."""
        return self._repeating(lambda: work(self._lookup.find(key_id)))

    def opening[T](self, key_id: bytes, work: Callable[[KeyHandle], T]) -> T:
        """Let `work` decrypt with the key; raise BadCiphertext or KeyMissing."""

        def attempted() -> T:
            key = self._lookup.find(key_id)
            try:
                return work(key)
            except _PERHAPS_BAD_CIPHERTEXT as error:
                self._lookup.prove_anchor()
                raise BadCiphertext from error

        return self._repeating(attempted)

    def random(self, size: int) -> bytes:
        """`size` bytes of the token's random generator."""
        return self._repeating(lambda: self._lookup.session.generate_random(size * 8))

    def has_anchor(self) -> bool:
        """Whether this is the token that was provisioned; if so, that it works is seen as well."""

        def work() -> bool:
            if self._lookup.search(ANCHOR_ID) is None:
                return False
            self._lookup.prove_anchor()
            return True

        return self._repeating(work)

    # -- how a call fails and heals

    def _repeating[T](self, work: Callable[[], T]) -> T:
        """Run `work`, and once more on a fresh connection if it fails on one that stood before."""
        if self._lookup.connection.is_open:
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

    def _plant(self, key_id: bytes, label: str) -> None:
        if self._repeating(lambda: self._lookup.search(key_id)) is None:
            planting = making.aes(key_id, f"envelope-sidecar {label}", 256)
            self._once(lambda: planting(self._lookup.session))
