# SPDX-License-Identifier: Apache-2.0
"""Who is cleared, and above all who is not: each forgery by itself."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.message import RequestHead
from sidecar.rules import CertificateNames, Condition, HeaderIs
from sidecar.transform.clearance import Clearance
from tests.transform.issuer import CLAIMS, ISSUER, NOW, Issuer, condition

ED, RSA, STRANGER = Issuer("EdDSA"), Issuer("RS256"), Issuer("EdDSA")
ROLE = HeaderIs("x-role", ("auditor", "officer"))


def clears(
    which: Condition, *headers: tuple[str, str], now: float = NOW, names: tuple[str, ...] = ()
) -> bool:
    lines = tuple((name.encode(), value.encode("latin-1")) for name, value in headers)
    head = RequestHead(b"GET", b"/", "crm:1", lines, frozenset(names))
    return Clearance([which]).clears(head, now)


def bears(token: str, *issuers: Issuer, now: float = NOW, path: str = "scope") -> bool:
    which = condition(*(issuers or (ED,)), path=path)
    return clears(which, ("Authorization", f"Bearer {token}"), now=now)


def test_nobody_is_cleared_by_nothing() -> None:
    assert not Clearance([]).clears(RequestHead(b"GET", b"/", "crm:1", ()), NOW)


@pytest.mark.parametrize("value", ["auditor", "officer"])
def test_a_header_clears_by_its_whole_value(value: str) -> None:
    assert clears(ROLE, ("X-Role", value))


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("X-Role", "clerk"),),
        (("X-Role", "auditor"), ("X-Role", "clerk")),
        (("X-Role", "auditor"), ("x-role", "auditor")),
        (("X-Role", "clerk, auditor"),),
        (("X-Role", "Auditor"),),
        (("X_Role", "auditor"),),
        (("X-Role", "auditor\xa0"),),
        (("X-Role", ""),),
    ],
)
def test_a_header_that_is_missing_doubled_or_another_does_not(
    headers: tuple[tuple[str, str], ...],
) -> None:
    assert not clears(ROLE, *headers)


def test_a_certificate_clears_by_a_name_of_its_kind() -> None:
    which = CertificateNames("uri", ("spiffe://crm/audit",))
    assert clears(which, names=("cn:audit", "uri:spiffe://crm/audit"))
    assert not clears(which)
    assert not clears(which, names=("cn:spiffe://crm/audit", "dns:spiffe://crm/audit"))
    assert not clears(which, names=("uri:spiffe://crm/audit/x", "uri:spiffe://crm/AUDIT"))


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256", "PS256"])
def test_a_token_of_the_issuer_clears(algorithm: str) -> None:
    issuer = Issuer(algorithm)
    assert bears(issuer.token(), issuer)
    assert bears(issuer.token(), ED, issuer)  # while a key is exchanged
    assert not bears(issuer.token(), ED)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("scope", "pii.read"),
        ("scp", "a pii.read b"),
        ("roles", ["a", 1, "pii.read"]),
        ("realm_access.roles", ["pii.read"]),
        ("['https://example.org/roles']", "pii.read"),
    ],
)
def test_a_claim_is_a_text_or_one_of_several(path: str, value: object) -> None:
    name, _, below = path.partition(".") if path[0] != "[" else (path[2:-2], "", "")
    token = ED.token("scope", **{name: {below: value} if below else value})
    assert bears(token, path=path)


@pytest.mark.parametrize(
    "value", ["a pii.read", "pii.read ", "pii.readonly", ["a pii.read"], {"pii.read": True}, True]
)
def test_only_scopes_are_words_in_a_text(value: object) -> None:
    assert not bears(ED.token(roles=value), path="roles")


FORGED: dict[str, dict[str, Any]] = {
    "expired": {"exp": NOW},
    "not yet": {"nbf": NOW + 6},
    "another issuer": {"iss": "https://login.example.com"},
    "a longer issuer": {"iss": ISSUER + "/"},
    "another audience": {"aud": "shop"},
    "other audiences": {"aud": ["shop", "bank"]},
    "no scope of ours": {"scope": "profile"},
    "a scope in capitals": {"scope": "PII.READ"},
    "an end in words": {"exp": "never"},
    "an end that is a list": {"exp": [NOW + 60]},
    "a beginning in words": {"nbf": "now"},
    "a beginning that no float holds": {"nbf": -(10**400)},
}


@pytest.mark.parametrize("claims", FORGED.values(), ids=FORGED)
def test_a_token_for_another_time_or_place_does_not(claims: dict[str, object]) -> None:
    assert not bears(_signed(CLAIMS | claims))


@pytest.mark.parametrize("missing", ["exp", "iss", "aud", "scope"])
def test_a_token_without_its_claims_does_not(missing: str) -> None:
    assert not bears(ED.token(missing))


def test_a_token_that_cannot_be_read_does_not_stand_in_the_way_of_others() -> None:
    both = Clearance([condition(ED), ROLE])
    for name, token in FORGERIES.items():
        lines = ((b"Authorization", b"Bearer " + token.encode()), (b"X-Role", b"auditor"))
        assert both.clears(RequestHead(b"GET", b"/", "crm:1", lines), NOW), name


def test_a_token_that_was_good_before_ends_all_the_same() -> None:
    clearance, token = Clearance([condition(ED)]), ED.token()
    for text, now, expected in (
        (token, NOW, True),
        (token, NOW + 59, True),
        (token, NOW + 60, False),
        (token[:-3], NOW, False),
        (token, NOW, True),
    ):
        line = (b"Authorization", b"Bearer " + text.encode())
        assert clearance.clears(RequestHead(b"GET", b"/", "crm:1", (line,)), now) is expected


def test_it_holds_until_the_very_end() -> None:
    token = ED.token()
    assert bears(token, now=NOW + 59.9)
    assert not bears(token, now=NOW + 60)


def _signed(claims: object, head: dict[str, object] | None = None) -> str:
    """What the issuer would sign if it were so careless."""
    parts = [_part(head or {"alg": "EdDSA", "typ": "JWT"}), _part(claims)]
    signature = ED.private.sign(".".join(parts).encode())
    return ".".join([*parts, _text(signature)])


def _part(content: object) -> str:
    return _text(json.dumps(content).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _keyed_with_public_key() -> str:
    """HS256 with the text of the RSA key that everybody knows."""
    key = RSA.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{_part({'alg': 'HS256'})}.{_part(CLAIMS)}"
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(text.encode())
    return f"{text}.{_text(mac.finalize())}"


def test_what_the_forgeries_are_made_from_is_good() -> None:
    assert bears(_signed(CLAIMS))


FORGERIES = {
    "nothing": "",
    "a word": "null",
    "letters": "a.b.c",
    "one character more": ED.token() + "x",
    "one byte less": ED.token()[:-2],
    "no signature": ED.token().rpartition(".")[0] + ".",
    "no algorithm": jwt.encode(CLAIMS, None, "none"),
    "no algorithm, in capitals": f"{_part({'alg': 'None'})}.{_part(CLAIMS)}.",
    "HS256 with the public key": _keyed_with_public_key(),
    "signed, and none is said": _signed(CLAIMS, {"alg": "none"}),
    "signed, and another is said": _signed(CLAIMS, {"alg": "HS256"}),
    "signed, and none is named": _signed(CLAIMS, {"typ": "JWT"}),
    "an unknown extension": _signed(CLAIMS, {"alg": "EdDSA", "crit": ["x"], "x": 1}),
    "a stranger's": STRANGER.token(),
    "a stranger's with its key": jwt.encode(
        CLAIMS, STRANGER.private, "EdDSA", headers={"jwk": STRANGER.jwk}
    ),
    "a list of claims": _signed([CLAIMS]),
    "the signature of another": (
        f"{_signed(CLAIMS | {'jti': '1'}).rpartition('.')[0]}.{ED.token().rpartition('.')[2]}"
    ),
    "very long": "A" * 60_000,
    "very deep": _text(b'{"a":' * 20_000) + ".e30.e30",
}


@pytest.mark.parametrize("token", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_does_not(token: str) -> None:
    assert not bears(token, ED, RSA)


@pytest.mark.parametrize(
    "headers",
    [
        (("Authorization", ED.token()),),
        (("Authorization", f"Basic {ED.token()}"),),
        (("Authorization", f"Bearer {ED.token()}"), ("Authorization", "Bearer x")),
        (("Authorization", f"Bearer {ED.token()}"), ("authorization", f"Bearer {ED.token()}")),
        (("Authorization", f"Bearer {ED.token()}, Bearer x"),),
        (("Authorization", f"Bearer{ED.token()}"),),
        (("Proxy-Authorization", f"Bearer {ED.token()}"),),
    ],
)
def test_a_token_stands_in_its_header_once(headers: tuple[tuple[str, str], ...]) -> None:
    assert not clears(condition(ED), *headers)


@settings(max_examples=50)
@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_nothing_that_stands_there_raises(text: str) -> None:
    assert not clears(condition(ED, RSA), ("Authorization", f"Bearer {text}"))


def test_the_scheme_is_read_as_http_says() -> None:
    assert clears(condition(ED), ("AUTHORIZATION", f"bearer   {ED.token()}"))
