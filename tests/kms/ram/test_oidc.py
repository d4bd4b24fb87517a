# SPDX-License-Identifier: Apache-2.0
"""Which tokens are believed: what the issuer signed for here, and nothing that anybody forged."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from sidecar.kms.accounts import OidcProvider
from sidecar.kms.faults import Fault
from sidecar.kms.ram.key_sets import KeySets
from sidecar.kms.ram.oidc import MAX_SUBJECT, Claims, believe
from tests.kms.ram.issuer import AUDIENCE, ISSUER, SUBJECT, Issuer, base64url

NOW = 1_767_225_600
GOOD = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "iat": NOW, "exp": NOW + 600}
INVALID = "AuthenticationFail.OIDCToken.Invalid"
EXPIRED = "AuthenticationFail.OIDCToken.Expired"

type Outcome = Callable[[str], Claims | str]


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def outcome(issuer: Issuer, tmp_path: Path) -> Outcome:
    """The claims that a token proves, or the code of its refusal, which quotes nothing of it."""
    file = tmp_path / "keys.json"
    file.write_text(issuer.published())
    provider = OidcProvider("cluster", ISSUER, frozenset([AUDIENCE, "second"]), str(file))

    def ask(token: str) -> Claims | str:
        try:
            return believe(KeySets([("1", provider)]), "1", provider, token, NOW)
        except Fault as fault:
            return "quotes the token" if SUBJECT in fault.why else fault.fault_code

    return ask


def head(issuer: Issuer, **more: object) -> bytes:
    return json.dumps({"alg": "RS256", "kid": issuer.key_id, **more}).encode()


def signed(issuer: Issuer, **claims: object) -> str:
    """A good token but for `claims`; one of them that is None is left out."""
    said = {name: one for name, one in {**GOOD, **claims}.items() if one is not None}
    return issuer.sign(head(issuer), json.dumps(said).encode())


def test_a_good_token_says_who_it_is_about(issuer: Issuer, outcome: Outcome) -> None:
    good = Claims(ISSUER, SUBJECT, AUDIENCE, NOW, NOW + 600)
    assert outcome(signed(issuer)) == good
    assert outcome(signed(issuer, aud=[AUDIENCE])) == good
    assert outcome(signed(issuer, aud="second")) == good._replace(audience="second")


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        *(
            ({"aud": audience}, INVALID)
            for audience in (
                *("another", AUDIENCE.upper(), AUDIENCE + " ", "", None, 7, {AUDIENCE: 1}),
                *([], [AUDIENCE, "another"], [AUDIENCE, "second"], [[AUDIENCE]], [7]),
            )
        ),
        *(
            ({"iss": issuer}, INVALID)
            for issuer in (ISSUER + "/", ISSUER.upper(), "", None, 7, [ISSUER])
        ),
        *(
            ({"sub": subject}, INVALID)
            for subject in (
                *("", None, 7, [SUBJECT], "x" * (MAX_SUBJECT + 1)),
                *("a\nb", "a\0", "\ud800", "\u202e"),
            )
        ),
        *(
            ({name: time}, INVALID)
            for name in ("exp", "iat")
            for time in (None, "tomorrow", str(NOW + 60), True, [], {}, -1, 10**30)
        ),
        *(
            ({name: time}, INVALID)
            for name in ("exp", "iat", "nbf")
            for time in (float("inf"), float("nan"), -1e300, 1e300)
        ),
        ({"exp": NOW - 60}, EXPIRED),
        ({"exp": 0}, EXPIRED),
        ({"nbf": NOW + 61}, INVALID),
        ({"iat": NOW + 61}, INVALID),
        ({"nbf": None}, None),
        ({"exp": NOW - 59}, None),
        ({"exp": NOW + 0.5}, None),
        ({"exp": 253_402_300_799}, None),
        ({"nbf": NOW + 60, "iat": NOW + 60}, None),
        ({"sub": "x" * MAX_SUBJECT}, None),
        ({"sub": "Stra\u00dfe \u4e2d\u6587"}, None),
    ],
)
def test_a_token_counts_for_what_it_says_alone(
    claims: dict[str, object], code: str | None, issuer: Issuer, outcome: Outcome
) -> None:
    told = outcome(signed(issuer, **claims))
    assert (told if isinstance(told, str) else None) == code


def test_a_token_that_is_not_the_issuers_is_not_believed(issuer: Issuer, outcome: Outcome) -> None:
    stranger = Issuer()
    named = jwt.encode(
        GOOD, stranger._keys[stranger.key_id], "RS256", headers={"kid": issuer.key_id}
    )
    good_head, body, signature = signed(issuer).split(".")
    other = signed(issuer, sub="system:serviceaccount:shop:other").split(".")[1]
    for forged in (
        named,
        stranger.token(**GOOD),
        f"{good_head}.{other}.{signature}",
        f"{good_head}.{body}.",
        f"{good_head}.{body}.{signature}.",
        f"{good_head}.{body}",
        f"{good_head}.{body}.{signature[:-4]}",
        f" {good_head}.{body}.{signature}",
        f"{good_head}.{body}.{signature}\n",
        "a.b.c",
        "..",
        "",
        "é.é.é",
    ):
        assert outcome(forged) == INVALID


def mac_signed(issuer: Issuer, algorithm: str, key: bytes) -> str:
    """As by whoever takes the issuer's public key for a shared secret."""
    text = base64url(head(issuer, alg=algorithm)) + b"." + base64url(json.dumps(GOOD).encode())
    return (text + b"." + base64url(hmac.digest(key, text, hashlib.sha256))).decode()


def test_the_token_does_not_choose_the_algorithm(issuer: Issuer, outcome: Outcome) -> None:
    payload = json.dumps(GOOD).encode()
    for algorithm in ("none", "None", "", "HS256", "RS512", "PS256", "ES256", "rs256"):
        assert outcome(issuer.sign(head(issuer, alg=algorithm), payload)) == INVALID
    for algorithm in (None, 7, ["RS256"], {}):
        assert outcome(issuer.sign(head(issuer, alg=algorithm), payload)) == INVALID
    unsigned = base64url(head(issuer, alg="none")) + b"." + base64url(payload) + b"."
    assert outcome(unsigned.decode()) == INVALID
    modulus = json.loads(issuer.published())["keys"][0]["n"]
    for key in (issuer.public_pem(), base64.urlsafe_b64decode(modulus + "=="), b"", b"null"):
        for algorithm in ("HS256", "RS256"):
            assert outcome(mac_signed(issuer, algorithm, key)) == INVALID


@pytest.mark.parametrize(
    "key_id",
    [
        *("", "*", "%", "../keys.json", "/dev/null", "/proc/sys/kernel/ostype", "' OR '1'='1"),
        *("|id", "http://stranger.test/keys", "\0", "a\r\nb", None, 0, True, [], {}, "x" * 9000),
    ],
)
def test_a_kid_is_a_name_and_nothing_else(key_id: object, issuer: Issuer, outcome: Outcome) -> None:
    assert outcome(issuer.sign(head(issuer, kid=key_id), json.dumps(GOOD).encode())) == INVALID


def test_what_a_token_says_about_its_key_is_not_read(issuer: Issuer, outcome: Outcome) -> None:
    stranger = Issuer()
    shown: dict[str, Any] = json.loads(stranger.published())["keys"][0]
    payload = json.dumps(GOOD).encode()
    elsewhere = {"jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/", "jwk": shown}
    for key_id in (issuer.key_id, stranger.key_id):
        told = {"kid": key_id, "x5c": ["AAAA"], **elsewhere}
        assert outcome(stranger.sign(head(issuer, **told), payload)) == INVALID
    assert isinstance(outcome(issuer.sign(head(issuer, **elsewhere), payload)), Claims)


@pytest.mark.parametrize("more", [{"crit": ["exp"]}, {"crit": "b64"}, {"b64": False}])
def test_what_has_to_be_understood_and_is_not_is_refused(
    more: dict[str, object], issuer: Issuer, outcome: Outcome
) -> None:
    """RFC 7515, section 4.1.11; RFC 7797."""
    assert outcome(issuer.sign(head(issuer, **more), json.dumps(GOOD).encode())) == INVALID


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"{", b"[]", b"7", b"null", b"\xff", b"[" * 10_000, b'{"a":' * 3000),
        b'{"exp": ' + b"1" * 5000 + b"}",
    ],
)
def test_bytes_of_any_kind_are_no_token(raw: bytes, issuer: Issuer, outcome: Outcome) -> None:
    assert outcome(issuer.sign(raw, json.dumps(GOOD).encode())) == INVALID
    assert outcome(issuer.sign(head(issuer), raw)) == INVALID


def test_of_two_claims_of_one_name_the_last_counts_in_every_check(
    issuer: Issuer, outcome: Outcome
) -> None:
    """RFC 7519, section 4; whoever signed it said both."""
    twice = json.dumps(GOOD)[:-1] + f', "sub": "other", "exp": {NOW + 9}}}'
    told = outcome(issuer.sign(head(issuer), twice.encode()))
    assert told == Claims(ISSUER, "other", AUDIENCE, NOW, NOW + 9)
