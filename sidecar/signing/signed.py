# SPDX-License-Identifier: Apache-2.0
"""What a verified signature proves."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sidecar.signing.failures import SignatureMismatch, UnknownAccessKey

FindSecret = Callable[[str], str | None]
"""The secret of an access key id, or None; may raise for a key that is barred."""


class Scope(NamedTuple):
    """Where an ACS4 signature is meant to count."""

    region: str
    product: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A request that the holder of `access_key_id` signed: act on these facts and no others.

    `parameters` are those of the action alone, from query and form body; `time` is Unix seconds.
    """

    access_key_id: str
    action: str
    version: str
    parameters: Mapping[str, str] = field(repr=False)
    time: float
    nonce: str
    security_token: str | None = field(default=None, repr=False)
    scope: Scope | None = None


def secret_of(access_key_id: str, find_secret: FindSecret) -> bytes:
    secret = find_secret(access_key_id)
    if secret is None:
        raise UnknownAccessKey
    return secret.encode("utf-8")


def require_equal(ours: bytes, theirs: bytes, string_to_sign: str) -> None:
    """Compare two signatures in constant time; raise SignatureMismatch."""
    if not hmac.compare_digest(ours, theirs):
        raise SignatureMismatch(string_to_sign)
