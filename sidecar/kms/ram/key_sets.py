# SPDX-License-Identifier: Apache-2.0
"""The public keys of those who vouch for workloads: JWK Sets (RFC 7517), from files or URLs.

A file is read again when it changes. A URL is asked in the background, every few minutes and soon
after a token names a key that is not known: no call waits for it, and the keys of before serve on
while it does not answer. Only keys for public-key signatures count; a shared secret in a set would
let whoever may read the set sign.
"""

import contextlib
import http.client
import json
import logging
import ssl
import threading
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import jwt

from sidecar.kms.accounts import OidcProvider

MAX_SET = 256 * 1024
ASK_SECONDS = 10
REFRESH_SECONDS = 300
AT_MOST_EVERY_SECONDS = 10
"""However many tokens name unknown keys."""
KINDS = frozenset({"RSA", "EC", "OKP"})

logger = logging.getLogger(__name__)

type Keys = Mapping[str, jwt.PyJWK]


def read_key_set(data: bytes) -> Keys:
    """The usable keys of a set by their id; raise ValueError where it is no set."""
    try:
        document = json.loads(data)
        some = document["keys"]
        usable = [one for one in some if one.get("kty") in KINDS and one.get("kid")]
        return {str(one["kid"]): jwt.PyJWK.from_dict(one) for one in usable}
    except (ValueError, LookupError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise ValueError("this is not a JWK Set") from error


class KeySet:
    """The keys of one provider, as they were last seen."""

    def __init__(self, provider: OidcProvider) -> None:
        self._provider = provider
        self._keys: Keys = {}
        self._stamp: tuple[int, int] | None = None
        self.is_remote = "://" in provider.keys
        self.is_wanted = threading.Event()
        """Set when a token named a key that is not here."""

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
        except (OSError, ValueError, http.client.HTTPException) as error:
            logger.warning(
                "the keys of OIDC provider %s cannot be had: %s",
                self._provider.name,
                type(error).__name__,
            )

    def _read_file(self) -> None:
        with contextlib.suppress(OSError):
            status = Path(self._provider.keys).stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp != self._stamp:
                self._stamp = stamp
                self.refresh()

    def _ask(self) -> bytes:
        if not self.is_remote:
            return Path(self._provider.keys).read_bytes()[: MAX_SET + 1]
        trust = ssl.create_default_context(cafile=self._provider.ca)
        # No proxy and no redirect: the URL was chosen, and its answer decides who is believed.
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trust),
            urllib.request.ProxyHandler({}),
            _NoRedirect(),
        )
        with opener.open(self._provider.keys, timeout=ASK_SECONDS) as answer:
            data: bytes = answer.read(MAX_SET + 1)
        if len(data) > MAX_SET:
            raise ValueError("the key set is too long")
        return data


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class KeySets:
    """The key sets of all providers, by account and name; a thread asks for those that are away."""

    def __init__(self, providers: Iterable[tuple[str, OidcProvider]]) -> None:
        self._sets = {(account, one.name): KeySet(one) for account, one in providers}
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, args=(one,), name="jwks", daemon=True)
            for one in self._sets.values()
            if one.is_remote
        ]

    def __enter__(self) -> Self:
        """Have every set, as far as it can be had, and keep it fresh."""
        for one in self._sets.values():
            one.refresh()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for one in self._sets.values():
            one.is_wanted.set()

    def find(self, account: str, provider: str, key_id: str) -> jwt.PyJWK | None:
        """A key that is known now."""
        return self._sets[account, provider].find(key_id)

    def _watch(self, one: KeySet) -> None:
        while not self._is_over.is_set():
            one.is_wanted.wait(REFRESH_SECONDS)
            one.is_wanted.clear()
            if not self._is_over.is_set():
                one.refresh()
                self._is_over.wait(AT_MOST_EVERY_SECONDS)
