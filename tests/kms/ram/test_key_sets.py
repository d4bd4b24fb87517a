# SPDX-License-Identifier: Apache-2.0
"""The keys of those who vouch for workloads: which count, and how new ones are learnt."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sidecar.kms.accounts import OidcProvider
from sidecar.kms.ram.key_sets import MAX_SET, KeySets, read_key_set
from tests.kms.ram.issuer import ISSUER, Issuer


class Shown:
    """What the issuer's server answers with, and how often it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body = ""
        self.asked = 0


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def shown(issuer: Issuer) -> Shown:
    shown = Shown()
    shown.body = issuer.published()
    return shown


@pytest.fixture
def url(shown: Shown) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.asked += 1
            body = shown.body.encode()
            self.send_response(shown.status)
            if shown.status == 302:
                self.send_header("location", "/elsewhere")
                shown.status = 200
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/keys"
    server.shutdown()
    thread.join()
    server.server_close()


def sets(keys: str) -> KeySets:
    audiences = frozenset(["sts.aliyuncs.com"])
    return KeySets([("1", OidcProvider("cluster", ISSUER, audiences, keys))])


def is_found_soon(some: KeySets, key_id: str) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if some.find("1", "cluster", key_id) is not None:
            return True
        time.sleep(0.02)
    return False


def test_the_keys_behind_a_url_are_known_at_the_start(url: str, issuer: Issuer) -> None:
    with sets(url) as some:
        assert some.find("1", "cluster", issuer.key_id) is not None
        assert some.find("1", "cluster", "another") is None


def test_a_token_with_an_unknown_key_makes_it_ask_once_more(
    url: str, shown: Shown, issuer: Issuer
) -> None:
    with sets(url) as some:
        new = issuer.rotate()
        shown.body = issuer.published()
        assert some.find("1", "cluster", new) is None
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
        (200, '{"keys": 7}'),
        (200, " " * (MAX_SET + 1)),
        (302, issuer.published()),
    ):
        shown.status, shown.body = status, body
        one.refresh()
        assert some.find("1", "cluster", issuer.key_id) is not None


def test_a_url_that_is_away_keeps_nothing_from_starting(tmp_path: Path) -> None:
    with sets("http://127.0.0.1:1/keys") as some:
        assert some.find("1", "cluster", "any") is None
    with sets(str(tmp_path / "not-there")) as some:
        assert some.find("1", "cluster", "any") is None


def test_a_shared_secret_in_a_set_is_no_key() -> None:
    secret = {"kty": "oct", "kid": "s", "k": "c2VjcmV0", "alg": "HS256"}
    assert read_key_set(json.dumps({"keys": [secret]}).encode()) == {}


def test_a_key_without_an_id_is_left_out(issuer: Issuer) -> None:
    (key,) = json.loads(issuer.published())["keys"]
    del key["kid"]
    assert read_key_set(json.dumps({"keys": [key]}).encode()) == {}
