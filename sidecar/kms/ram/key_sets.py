# SPDX-License-Identifier: Apache-2.0
"""The public keys of those who vouch for workloads: JWK Sets (RFC 7517), from files or URLs.

A file is read again when it changes. A URL is asked in the background, every few minutes and soon
after a token names a key that is not known: no call waits for it, and the keys of before serve on
while it does not answer.

Of a set count the keys that are for signatures and strong enough; the others are left out one by
one, for many issuers show keys for encryption beside them. A shared secret is none of them: whoever
may read the set could sign.
"""

import asyncio
import json
import logging
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sidecar.file_stamp import Stamp, stamp
from sidecar.kms.accounts import OidcProvider
from sidecar.regular_file import open_regular

MAX_SET = 256 * 1024
ASK_SECONDS = 10
"""From the question to the last byte of the answer, however slowly they come."""
REFRESH_SECONDS = 300
AT_MOST_EVERY_SECONDS = 10
"""However many tokens name unknown keys."""
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
MAX_EXPONENT_BITS = 32
"""Larger ones make a signature expensive to look at, and nobody has them."""

logger = logging.getLogger(__name__)

type Keys = Mapping[str, jwt.PyJWK]


def read_key_set(data: bytes) -> Keys:
    """The usable keys of a set by their id; raise ValueError where it is no set."""
    try:
        some = json.loads(data)["keys"]
        return dict(_usable(some))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("this is not a JWK Set") from error


def _usable(some: Iterable[dict[str, object]]) -> Iterator[tuple[str, jwt.PyJWK]]:
    for one in some:
        key_id = one.get("kid")
        is_signing = one.get("use", "sig") == "sig" and one.get("alg") in (None, *ALGORITHMS)
        if not key_id or not is_signing or one.get("kty") == "oct":
            continue
        try:
            key = jwt.PyJWK.from_dict(one)
        except (ValueError, TypeError, jwt.PyJWTError):
            continue  # of a kind that is not known here
        if key.algorithm_name in ALGORITHMS and _is_strong(key.key):
            yield str(key_id), key


def _is_strong(key: object) -> bool:
    match key:
        case RSAPublicKey():
            exponent = key.public_numbers().e
            is_cheap = exponent.bit_length() <= MAX_EXPONENT_BITS
            return is_cheap and MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS
        case EllipticCurvePublicKey() | Ed25519PublicKey():
            return True
    return False  # a private one, too


class KeySet:
    """The keys of one provider, as they were last seen."""

    def __init__(self, provider: OidcProvider, patience: float) -> None:
        self._provider = provider
        self._patience = patience
        self._keys: Keys = {}
        self._stamp: Stamp = None
        self.is_remote = "://" in provider.keys
        self.is_wanted = threading.Event()
        """Set when a token named a key that is not here."""
        self.was_asked = threading.Event()
        """Set when it is known whether the set can be had."""

    def find(self, key_id: str) -> jwt.PyJWK | None:
        if not self.is_remote:
            self._read_file()
        key = self._keys.get(key_id)
        if key is None:
            self.is_wanted.set()
        return key

    def refresh(self) -> None:
        """Read or ask anew; what goes wrong leaves the keys as they are, and is told."""
        try:
            self._keys = read_key_set(self._ask())
        except Exception as error:  # noqa: BLE001 - nothing may end the thread that asks
            logger.warning(
                "the keys of OIDC provider %s cannot be had: %s",
                self._provider.name,
                type(error).__name__,
            )
        self.was_asked.set()

    def _read_file(self) -> None:
        """One that is away leaves the keys as they are, without a word."""
        now = stamp(Path(self._provider.keys))
        if now not in (None, self._stamp):
            self._stamp = now
            self.refresh()

    def _ask(self) -> bytes:
        if self.is_remote:
            trust = ssl.create_default_context(cafile=self._provider.ca)
            return asyncio.run(_fetch(self._provider.keys, trust, self._patience))
        with open_regular(Path(self._provider.keys)) as file:
            return file.read(MAX_SET)


async def _fetch(url: str, trust: ssl.SSLContext, patience: float) -> bytes:
    """What is at the URL; raise TimeoutError, ValueError, httpx.HTTPError."""
    # No proxy and no redirect: the URL was chosen, and its answer decides who is believed.
    client = httpx.AsyncClient(verify=trust, trust_env=False, follow_redirects=False)
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    data = bytearray()
    async with (
        asyncio.timeout(patience),
        client,
        client.stream("GET", url, headers=headers) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise ValueError("there is no key set")
        async for part in answer.aiter_raw():
            data += part
            if len(data) > MAX_SET:
                raise ValueError("the key set is too long")
    return bytes(data)


class KeySets:
    """The key sets of all providers, by account and name; threads ask for those that are away."""

    def __init__(
        self, providers: Iterable[tuple[str, OidcProvider]], patience: float = ASK_SECONDS
    ) -> None:
        self._patience = patience
        self._sets = {(account, one.name): KeySet(one, patience) for account, one in providers}
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        """Have every set, as far as it can be had, and keep it fresh."""
        for one in self._sets.values():
            if one.is_remote:
                threading.Thread(target=self._watch, args=(one,), name="jwks", daemon=True).start()
            else:
                one.refresh()
        for one in self._sets.values():
            one.was_asked.wait(self._patience)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for one in self._sets.values():
            one.is_wanted.set()

    def find(self, account: str, provider: str, key_id: str) -> jwt.PyJWK | None:
        """A key that is known now."""
        return self._sets[account, provider].find(key_id)

    def _watch(self, one: KeySet) -> None:
        one.refresh()
        while not self._is_over.is_set():
            one.is_wanted.wait(REFRESH_SECONDS)
            one.is_wanted.clear()
            if not self._is_over.is_set():
                one.refresh()
                self._is_over.wait(AT_MOST_EVERY_SECONDS)
