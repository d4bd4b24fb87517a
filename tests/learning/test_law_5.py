# SPDX-License-Identifier: Apache-2.0
"""Law 5: a canary in every value of a run, and nothing of it in what is proposed or remembered."""

import gc
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.learning import Traffic, propose
from sidecar.learning.traffic import PLACES
from tests.learning.rig import as_file, ask

CANARY = "CANARY-9f86d081"


def everything(traffic: Traffic) -> str:
    """Every text that the run remembers, whatever holds it."""
    texts: list[str] = []
    seen: set[int] = set()
    waiting: list[object] = [traffic]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type):
            continue
        seen.add(id(one))
        if isinstance(one, str | bytes | bytearray):
            texts.append(str(one))
        else:
            waiting.extend(gc.get_referents(one))
            if isinstance(one, dict):  # whose referents are its values alone
                waiting.extend(one)
    return "\n".join(texts)


def test_the_search_finds_what_is_remembered() -> None:
    traffic = Traffic()
    ask(traffic, "GET /customers", None, {"nickname": "x"})
    assert "nickname" in everything(traffic)
    assert "customers" in everything(traffic)


def spoken(values: dict[str, str]) -> Traffic:
    traffic = Traffic()
    for n in range(12):
        text = {name: value.replace("#", str(n)) for name, value in values.items()}
        ask(
            traffic,
            f"POST /customers/{CANARY}-{n}?email={CANARY}%40example.org&q={CANARY}&{CANARY}=1",
            {**text, f"{CANARY}-{n}": {"email": "x@example.org"}, "list": [CANARY, {"a": CANARY}]},
            [text, {CANARY: 1}],
            ((b"X-Tenant-Id", CANARY.encode()), (CANARY.encode(), b"1"),
             (b"Authorization", CANARY.encode())),
        )  # fmt: skip
    ask(traffic, f"{CANARY} /{CANARY}//..", CANARY.encode())
    ask(traffic, "POST /x", CANARY.encode(), None, ((b"Content-Type", CANARY.encode()),))
    return traffic


def test_a_canary_in_every_value_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    traffic = spoken(
        {
            "email": f"{CANARY}-#@example.org",
            "password": f"{CANARY}#",
            "name": f"{CANARY} Smith",
            "note": CANARY,
        }
    )
    proposal = propose(traffic)
    assert {field.path for rule in proposal.rules for field in rule.likely} >= {"email", "password"}
    shown = as_file(proposal) + repr(proposal) + caplog.text
    for text in (shown, everything(traffic)):
        assert CANARY not in text
        assert CANARY.lower() not in text.lower()
        assert "9f86d081" not in text


def test_a_map_that_is_keyed_by_peoples_names_is_forgotten() -> None:
    traffic = Traffic()
    letters = "abcdefghijklmnop"
    for a in letters:
        names = {f"Canary {a}{b}": {"phone": "+442079460958"} for b in letters}
        ask(traffic, "GET /directory", None, names)
    proposal = propose(traffic)
    assert "Canary" not in everything(traffic)
    assert "Canary" not in as_file(proposal)


def test_a_name_that_was_seen_once_is_not_told_unless_it_speaks() -> None:
    traffic = Traffic()
    ask(traffic, "GET /directory", None, {"alice": "+442079460958", "email": "a@example.org"})
    assert "alice" not in as_file(propose(traffic))
    assert "email: sealed" in as_file(propose(traffic))


def test_accounts_in_paths_become_a_variable() -> None:
    traffic = Traffic()
    for name in ("alice", "bob", "carol", "dave"):
        for _ in range(5):
            ask(traffic, f"GET /people/{name}/profile", None, {"email": f"{name}@example.org"})
    (rule,) = propose(traffic).rules
    assert rule.routes == ("/people/{id}/profile",)


def test_what_is_kept_of_a_value_does_not_tell_it() -> None:
    """The same values leave other marks in every run, so no guess can be tried against them."""
    marks = set()
    for _ in range(2):
        traffic = Traffic()
        for n in range(9):
            ask(traffic, "POST /users", {"email": f"a{n}@example.org"})
        (route,) = traffic.hosts["crm.internal:8080"].routes()
        marks.add(bytes(route.resource.sent.fields["email",].distinct._registers))
    assert len(marks) == 2


@given(st.dictionaries(st.text(max_size=20), st.text(min_size=12, max_size=30), max_size=6))
@settings(max_examples=40, deadline=None)
def test_no_value_whatever_is_remembered(document: dict[str, str]) -> None:
    marked = {name: f"{value}Zq9x7Kw" for name, value in document.items()}
    traffic = Traffic()
    for _ in range(4):
        ask(traffic, "POST /users", marked, marked)
    assert "Zq9x7Kw" not in everything(traffic)
    assert "Zq9x7Kw" not in as_file(propose(traffic))


def test_what_is_remembered_is_bounded() -> None:
    traffic = Traffic()
    for n in range(300):
        letters = "".join(chr(97 + int(digit)) for digit in str(n))
        body = {f"field{letters}{chr(97 + m % 26)}{chr(97 + m // 26)}": "x" for m in range(120)}
        ask(traffic, f"POST /thing{letters}/sub{letters}", body)
    assert traffic.left_out > 0
    places = sum(
        len(bodies.fields) + len(bodies.objects)
        for root in traffic.hosts.values()
        for route in root.routes()
        for bodies in (route.resource.sent, route.resource.answered)
    )
    assert places <= PLACES
