# SPDX-License-Identifier: Apache-2.0
"""The keys of those who vouch for workloads: which count, and how new ones are learnt."""

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from sidecar.kms.accounts import OidcProvider
from sidecar.kms.ram.key_sets import MAX_SET, KeySets, read_key_set
from tests.fixtures.authority import Authority
from tests.kms.ram.issuer import ISSUER, Issuer


class Shown:
    """What the issuer's server answers with, and how often it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body = ""
        self.asked = 0
        self.is_dripping = False
        """Whether it answers byte by byte, and comes to no end."""


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def shown(issuer: Issuer) -> Shown:
    shown = Shown()
    shown.body = issuer.published()
    return shown


@pytest.fixture
def server(shown: Shown) -> Iterator[ThreadingHTTPServer]:
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.asked += 1
            body = shown.body.encode()
            self.send_response(shown.status)
            if shown.status == 302:
                self.send_header("location", "/elsewhere")
                shown.status = 200
            self.send_header("content-length", str(len(body)))
            while shown.is_dripping and not is_over.wait(0.02):
                self.flush_headers()
                self.wfile.write(b"x-drop: drop\r\n")
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):  # it was hung up on
                super().handle()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    is_over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/keys"


def sets(keys: str, patience: float = 10, ca: Path | None = None) -> KeySets:
    audiences = frozenset(["sts.aliyuncs.com"])
    provider = OidcProvider("cluster", ISSUER, audiences, keys, str(ca) if ca else None)
    return KeySets([("1", provider)], patience)


def is_found(some: KeySets, key_id: str) -> bool:
    return some.find("1", "cluster", key_id) is not None


def is_found_soon(some: KeySets, key_id: str) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if is_found(some, key_id):
            return True
        time.sleep(0.02)
    return False


def test_the_keys_behind_a_url_are_known_at_the_start(url: str, issuer: Issuer) -> None:
    with sets(url) as some:
        assert is_found(some, issuer.key_id)
        assert not is_found(some, "another")


def test_a_url_is_asked_under_its_own_authority_alone(
    server: ThreadingHTTPServer, url: str, issuer: Issuer, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = url.replace("http:", "https:")
    for ca, answer in (
        (authority.ca, True),
        (Authority(tmp_path, "other").ca, False),
        (None, False),
        (tmp_path / "not-there", False),
    ):
        with sets(url, ca=ca) as some:
            assert is_found(some, issuer.key_id) is answer


def test_a_token_with_an_unknown_key_makes_it_ask_once_more(
    url: str, shown: Shown, issuer: Issuer
) -> None:
    with sets(url) as some:
        new = issuer.rotate()
        shown.body = issuer.published()
        assert not is_found(some, new)
        assert is_found_soon(some, new)
        for _ in range(50):  # a flood of them does not
            some.find("1", "cluster", "invented")
        assert shown.asked <= 3


def test_what_goes_wrong_leaves_the_keys_of_before(url: str, shown: Shown, issuer: Issuer) -> None:
    some = sets(url)
    (one,) = some._sets.values()
    one.refresh()
    for status, body in (
        (500, ""),
        (200, "not JSON"),
        (200, "[]"),
        (200, "[" * 100_000),
        (200, '{"keys": 7}'),
        (200, '{"keys": [7]}'),
        (200, " " * (MAX_SET + 1)),
        (204, ""),
        (302, issuer.published()),
    ):
        shown.status, shown.body = status, body
        one.refresh()
        assert is_found(some, issuer.key_id)


def test_a_url_that_never_comes_to_an_end_holds_nobody_up(
    url: str, shown: Shown, issuer: Issuer
) -> None:
    some = sets(url, patience=1)
    (one,) = some._sets.values()
    one.refresh()
    shown.is_dripping = True
    one.refresh()  # it comes back
    assert is_found(some, issuer.key_id)
    with sets(url, patience=0.2) as other:
        assert not is_found(other, issuer.key_id)


def test_a_url_that_is_away_keeps_nothing_from_starting(tmp_path: Path) -> None:
    for keys in ("http://127.0.0.1:1/keys", str(tmp_path / "not-there"), str(tmp_path)):
        with sets(keys) as some:
            assert not is_found(some, "any")


def jwk(issuer: Issuer) -> dict[str, Any]:
    (key,) = json.loads(issuer.published())["keys"]
    return dict(key)


def rsa_key(bits: int, exponent: int = 65537) -> dict[str, Any]:
    public = rsa.generate_private_key(65537, bits).public_key()
    if exponent != 65537:
        public = rsa.RSAPublicNumbers(exponent, public.public_numbers().n).public_key()
    return {**RSAAlgorithm.to_jwk(public, as_dict=True), "kid": "k"}


def ids_of(*keys: object) -> list[str]:
    return list(read_key_set(json.dumps({"keys": keys}).encode()))


def test_what_is_no_key_for_signatures_is_left_out_by_itself(issuer: Issuer) -> None:
    """Issuers show keys for encryption beside those for signatures."""
    good = jwk(issuer)
    others: list[object] = [
        {"kty": "oct", "kid": "s", "k": "c2VjcmV0", "alg": "HS256"},
        {"kty": "oct", "kid": "s", "k": "c2VjcmV0"},
        {**good, "kid": "e", "use": "enc"},
        {**good, "kid": "e", "alg": "RSA-OAEP"},
        {**good, "kid": "e", "alg": "HS256"},
        {**good, "kid": "e", "alg": "none"},
        {**good, "kid": "e", "alg": ["RS256"]},
        {**good, "kid": "e", "use": []},
        {**good, "kid": "e", "n": "!"},
        {**good, "kid": ""},
        {name: value for name, value in good.items() if name != "kid"},
        {"kty": "EC", "kid": "c", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"kty": "EC", "kid": "c", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "new", "kid": "n"},
        {"kid": "n"},
        {},
    ]
    assert ids_of(*others, good) == [issuer.key_id]


def test_a_weak_key_is_none_nor_one_that_costs_too_much() -> None:
    assert ids_of(rsa_key(1024)) == []
    assert ids_of(rsa_key(2048, 2**32 + 1)) == []
    assert ids_of(rsa_key(2048, 2**1024 + 1)) == []
    assert ids_of(rsa_key(2048)) == ["k"]


def test_whoever_shows_a_private_key_vouches_for_nobody() -> None:
    private = rsa.generate_private_key(65537, 2048)
    assert ids_of({**RSAAlgorithm.to_jwk(private, as_dict=True), "kid": "k"}) == []


def test_keys_of_other_kinds_count_as_well() -> None:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    assert ids_of({**OKPAlgorithm.to_jwk(key, as_dict=True), "kid": "k"}) == ["k"]
