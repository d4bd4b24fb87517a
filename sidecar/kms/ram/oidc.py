# SPDX-License-Identifier: Apache-2.0
"""Believes a workload's token (OpenID Connect ID token, RFC 7519) or says why not.

Believed is what a key of the provider signed, for one audience that is meant for here, by the
issuer that is configured, within its time. The key is one of the provider's, by its id; the
algorithm is the key's. What else a token says about keys (`jku`, `x5u`, `jwk`) is not read. A token
for several audiences is refused, for each of them could use it here.
"""

from typing import Any, NamedTuple

import jwt

from sidecar.kms.accounts import OidcProvider
from sidecar.kms.faults import Fault
from sidecar.kms.ram.key_sets import KeySets
from sidecar.kms.service.metadata import LAST_SECOND

MAX_TOKEN = 20_000
"""Characters, as the vendor bounds it."""
LEEWAY_SECONDS = 60
MAX_SUBJECT = 1024
"""Characters; a service account of Kubernetes has up to 339."""


class Claims(NamedTuple):
    """What a token proves; times in seconds since 1970."""

    issuer: str
    subject: str
    audience: str
    issued_at: int
    expires_at: int


def believe(
    key_sets: KeySets, account: str, provider: OidcProvider, token: str, now: int
) -> Claims:
    """The claims of the token; raise Fault."""
    try:
        key_id = str(jwt.get_unverified_header(token).get("kid", ""))
        key = key_sets.find(account, provider.name, key_id)
        if key is None:
            raise _not_believed("no key of the provider has its kid")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            options={
                "require": ["iss", "sub", "aud", "exp", "iat"],
                # The clock of the call decides, below.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise _not_believed(type(error).__name__) from None
    return _checked(claims, provider, now)


def _checked(claims: dict[str, Any], provider: OidcProvider, now: int) -> Claims:
    audience, times = claims["aud"], {name: claims.get(name, now) for name in ("iat", "nbf", "exp")}
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if not all(type(t) in (int, float) and 0 <= t <= LAST_SECOND for t in times.values()):
        raise _not_believed("a time in it is none")  # JSON here knows NaN, which never expires
    if claims["iss"] != provider.issuer:
        raise _not_believed("it is of another issuer")
    if not isinstance(audience, str) or audience not in provider.audiences:
        raise _not_believed("it is for another audience, or for several")
    if not isinstance(subject := claims["sub"], str) or not 0 < len(subject) <= MAX_SUBJECT:
        raise _not_believed("it is about nobody")
    if not subject.isprintable():  # it stands in the audit trail and in answers
        raise _not_believed("its subject cannot be written")
    if now >= times["exp"] + LEEWAY_SECONDS:
        raise Fault(400, "AuthenticationFail.OIDCToken.Expired", "This OIDC token has expired.")
    if max(times["iat"], times["nbf"]) > now + LEEWAY_SECONDS:
        raise _not_believed("it is of the future")
    return Claims(provider.issuer, subject, audience, int(times["iat"]), int(times["exp"]))


def _not_believed(why: str) -> Fault:
    return Fault(
        400, "AuthenticationFail.OIDCToken.Invalid", f"This OIDC token is not accepted: {why}."
    )
