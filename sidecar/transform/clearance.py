# SPDX-License-Identifier: Apache-2.0
"""Whether a caller is cleared: sees values as they are that are masked for others.

One condition is enough. Whatever is missing, doubled, expired, forged or in doubt clears nobody,
and nothing is raised: the caller sees masks.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping

import jwt
from cachetools import LRUCache

from sidecar.fieldpath import FieldPath
from sidecar.message import RequestHead, header_values
from sidecar.rules import CertificateNames, ClaimHolds, Condition, HeaderIs

_SCHEME = b"bearer "
_WORDS = frozenset({"scope", "scp"})
"""Claims that are words in one text (RFC 8693 section 4.2); all others are one text or a list."""
_SKEW_SECONDS = 5.0
"""That the issuer's clock may be ahead of ours; a token ends on time."""
_KNOWN_TOKENS = 1024

type _Check = Callable[[RequestHead, float], bool]


class Clearance:
    """The conditions of one rule; Misconfigured keys are refused by the reader of rules."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self._checks = [_check_of(each) for each in conditions]

    def clears(self, head: RequestHead, now: float) -> bool:
        """Whether whoever sent `head` is cleared at `now`, in seconds since 1970."""
        return any(_is_met(check, head, now) for check in self._checks)


def _is_met(check: _Check, head: RequestHead, now: float) -> bool:
    try:
        return check(head, now)
    except Exception:  # noqa: BLE001 - law 1: whatever a token is made of, it clears nobody
        return False


def _check_of(condition: Condition) -> _Check:
    match condition:
        case HeaderIs():
            return lambda head, _: _header_is(condition, head)
        case CertificateNames(kind, any_of):
            names = {f"{kind}:{name}" for name in any_of}
            return lambda head, _: not names.isdisjoint(head.certificate)
        case ClaimHolds():
            token = _Token(condition)
            return token.holds


def _header_is(condition: HeaderIs, head: RequestHead) -> bool:
    found = header_values(head.headers, condition.name.encode())
    return len(found) == 1 and found[0].decode("latin-1") in condition.any_of


class _Token:
    """A condition on a bearer token (RFC 6750 section 2.1) that is a signed JWT (RFC 7519)."""

    def __init__(self, condition: ClaimHolds) -> None:
        self._condition = condition
        self._known: LRUCache[bytes, Mapping[str, object]] = LRUCache(_KNOWN_TOKENS)
        self._keys = [
            (key.algorithm, jwt.PyJWK.from_json(key.jwk, key.algorithm)) for key in condition.keys
        ]

    def holds(self, head: RequestHead, now: float) -> bool:
        found = header_values(head.headers, b"authorization")
        if len(found) != 1 or found[0][: len(_SCHEME)].lower() != _SCHEME:
            return False
        claims = self._recall(found[0][len(_SCHEME) :].strip())
        return (
            claims is not None
            and _is_in_time(claims, now)
            and not _texts_at(claims, self._condition.path).isdisjoint(self._condition.any_of)
        )

    def _recall(self, token: bytes) -> Mapping[str, object] | None:
        """What `_verified` says. A caller comes again with its token, and signatures cost much.

        Only what was verified is kept, so that nobody but the issuer can fill the room, and no
        token but its digest.
        """
        digest = hashlib.sha256(token).digest()
        claims = self._known.get(digest)
        if claims is None and (claims := self._verified(token)) is not None:
            self._known[digest] = claims
        return claims

    def _verified(self, token: bytes) -> Mapping[str, object] | None:
        """The claims of `token`, for this audience from this issuer; None where they are not."""
        condition = self._condition
        for algorithm, key in self._keys:
            try:
                claims: dict[str, object] = jwt.decode(
                    token,
                    key,
                    algorithms=[algorithm],
                    audience=condition.audience,
                    issuer=condition.issuer,
                    options={
                        "require": ["exp", "iss", "aud"],
                        "verify_exp": False,  # against the caller's clock, below
                        "verify_nbf": False,
                        "verify_iat": False,
                    },
                )
            except jwt.PyJWTError:
                continue
            return claims
        return None


def _is_in_time(claims: Mapping[str, object], now: float) -> bool:
    begins, ends = claims.get("nbf", now), claims["exp"]
    return (
        isinstance(begins, int | float)
        and isinstance(ends, int | float)
        and begins - _SKEW_SECONDS <= now < ends
    )


def _texts_at(claims: Mapping[str, object], path: FieldPath) -> set[str]:
    """The texts that a claim holds."""
    found: object = claims
    for step in path.steps:
        found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return set(found.split(" ")) if path.steps[-1] in _WORDS else {found}
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()
