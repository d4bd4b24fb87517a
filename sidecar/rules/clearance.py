# SPDX-License-Identifier: Apache-2.0
"""`cleared`: who sees masked values as they are. Conditions on callers, of which one is enough.

    {header: X-Role, any_of: [auditor]}
    {certificate: uri, any_of: ["spiffe://crm/audit"]}
    {claim: scope, any_of: [pii.read], issuer: …, audience: …, keys: …}

Values only; `sidecar.transform.clearance` holds callers against them. Keys stand in the rule itself
(RFC 7517), so that whoever reviews and signs a rule knows who can clear a caller.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sidecar.fieldpath import FieldPath
from sidecar.rules import words
from sidecar.rules.faults import placed
from sidecar.rules.tables import Described, Shape, Table, list_of, one_of, read_mapping
from sidecar.strict_yaml import Entry

CERTIFICATE_NAMES = ("uri", "dns", "cn")
"""Which names of a client's certificate count: the first two are of its subjectAltName."""
MAX_KEYS = 8
MIN_RSA_BITS = 2048

_ASYMMETRIC = frozenset(
    {"ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}
)
"""Algorithms of tokens that only their issuer can make (RFC 7518 section 3.1, RFC 8037)."""
_PUBLIC = frozenset({"alg", "crv", "e", "kid", "kty", "n", "x", "y"})
_SECRET = frozenset({"d", "k", "p", "q"})


class HeaderIs(NamedTuple):
    """The one line of the request's header `name` (in lower case) is one of these."""

    name: str
    any_of: tuple[str, ...]


class CertificateNames(NamedTuple):
    """The client's certificate, which the listener has verified, has one of these names."""

    kind: str
    any_of: tuple[str, ...]


class VerifyingKey(NamedTuple):
    """A public key of an issuer, as a JWK, and the one algorithm that it verifies."""

    algorithm: str
    jwk: str


class ClaimHolds(NamedTuple):
    """A bearer token of this issuer, for this audience, has one of these texts at `path`."""

    path: FieldPath
    any_of: tuple[str, ...]
    issuer: str
    audience: str
    keys: tuple[VerifyingKey, ...]


type Condition = HeaderIs | CertificateNames | ClaimHolds


def _condition(entry: Entry) -> Condition:
    found = read_mapping(entry, CONDITION, required=("any_of",))
    kinds = [kind for kind in _KINDS if kind in found]
    if len(kinds) != 1:
        raise entry.error(f"a condition is about one of {', '.join(_KINDS)}")
    token = {key: found[key] for key in _OF_TOKENS if key in found}
    if kinds != ["claim"]:
        if token:
            raise entry.error(f"{', '.join(map(repr, token))}: only a `claim` stands in a token")
        name, any_of = found[kinds[0]], found["any_of"]
        return HeaderIs(name, any_of) if kinds == ["header"] else CertificateNames(name, any_of)
    if missing := [key for key in _OF_TOKENS if key not in token]:
        raise entry.error(f"{', '.join(map(repr, missing))}: missing, to verify the token")
    return ClaimHolds(found["claim"], found["any_of"], **token)


def _claim(entry: Entry) -> FieldPath:
    path = placed(entry, lambda: FieldPath.parse(entry.text()))
    if not path.steps or not path.is_single:
        raise entry.error("a claim is one member of a token, as in `scope` or `realm.roles`")
    return path


def _text(entry: Entry) -> str:
    text = entry.text()
    if not text or not text.isprintable():
        raise entry.error("expected a text of one line")
    return text


def _key_set(entry: Entry) -> tuple[VerifyingKey, ...]:
    """A JWK Set (RFC 7517 section 5) as its issuer publishes it; keys for encryption are left."""
    found = entry.get("keys")
    entry.finish()
    read = [_key(each) for each in found.items()]
    keys = tuple(key for key in read if key is not None)
    if not 0 < len(keys) <= MAX_KEYS:
        raise found.error(f"a key set has from 1 to {MAX_KEYS} keys that verify signatures")
    return keys


def _key(entry: Entry) -> VerifyingKey | None:
    members = {key.name(): value for key, value in entry.entries()}
    if secret := _SECRET.intersection(members):
        raise entry.error(f"{min(secret)!r}: a secret; a rule takes public keys alone")
    if "use" in members and members["use"].text() != "sig":
        return None
    jwk = {name: members[name].text() for name in sorted(_PUBLIC.intersection(members))}
    try:
        key = jwt.PyJWK.from_dict(jwk)
    except (jwt.PyJWTError, ValueError, LookupError, NotImplementedError):
        # Without the words of the error, which may hold the key.
        raise entry.error("not a public key that verifies signatures (RFC 7517)") from None
    if key.algorithm_name not in _ASYMMETRIC:
        raise entry.error(f"{key.algorithm_name} is not one of {', '.join(sorted(_ASYMMETRIC))}")
    if isinstance(key.key, RSAPublicKey) and key.key.key_size < MIN_RSA_BITS:
        raise entry.error(f"an RSA key of less than {MIN_RSA_BITS} bits")
    return VerifyingKey(key.algorithm_name, json.dumps(jwk))


_ONE_LINE = Described(_text, {"type": "string", "minLength": 1})
_KEY_SET = {
    "type": "object",
    "properties": {"keys": {"type": "array", "items": {"type": "object"}, "minItems": 1}},
    "required": ["keys"],
    "additionalProperties": False,
}
CONDITION: Table = {
    "header": words.header,
    "certificate": one_of(CERTIFICATE_NAMES),
    "claim": Described(_claim, {"type": "string", "minLength": 1}),
    "any_of": list_of(_ONE_LINE),
    "issuer": _ONE_LINE,
    "audience": _ONE_LINE,
    "keys": Described(_key_set, _KEY_SET),
}
_KINDS = ("header", "certificate", "claim")
_OF_TOKENS = ("issuer", "audience", "keys")
CLEARED = list_of(Described(_condition, Shape(CONDITION, ("any_of",), exclusive=_KINDS)))
