# SPDX-License-Identifier: Apache-2.0
"""Random and mutated messages: the store never sees the canary, and nothing else is raised."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.message import Refusal, ResponseHead
from sidecar.transform import Hold, Opened, Sealed, Transform
from tests.keys.rig import at_once
from tests.transform.rig import JSON, OK, Rig, held, request, seal

CANARY = "CANARY0123456789"
NAMES = st.sampled_from(["id", "ssn", "email", "cards", "number", "notes", "x"])
VALUES = st.recursive(
    st.sampled_from(
        [CANARY, f" {CANARY.lower()} ", f"enc:1:{CANARY}", "c1", "", 7, 1.5, None, True]
    ),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=5),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=6).map(
    lambda document: {key: value for key, value in document.items() if key != "x"}
)
EDITS = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.integers(0, 4),
        st.sampled_from(
            [b"", b'"', b"{", b"}", b",", b"\\", b"\xff", b"\\u0073", b" ", b'"ssn":', b"1"]
        ),
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def transform() -> Transform:
    """A transform whose keys are at hand, so that no message has to wait."""

    async def start() -> Transform:
        rig = await Rig.start()
        transform = rig.transform()
        await seal(transform, b'{"id":"c1","ssn":"a","email":"b"}')
        return transform

    return asyncio.run(start())


def write(transform: Transform, body: bytes, target: str = "/customers/c1") -> Sealed | Refusal:
    claim = transform.claim(request(target))
    assert isinstance(claim, (Hold, Refusal))
    return at_once(transform.seal_request(claim, body)) if isinstance(claim, Hold) else claim


def read(transform: Transform, body: bytes, head: ResponseHead = OK) -> Opened | Refusal:
    return at_once(transform.open_response(held(transform), head, body))


def mutate(body: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, new in edits:
        body = body[:at] + new + body[at + length :]
    return body


def designated(value: Any) -> str:
    """Everything that a lenient parser sees at the protected places of a body."""
    if isinstance(value, list):
        return "".join(designated(item) for item in value)
    if not isinstance(value, dict):
        return ""
    seen = json.dumps([value.get(name) for name in ("ssn", "email", "notes")])
    cards = value.get("cards")
    for card in cards if isinstance(cards, list) else []:
        if isinstance(card, dict):
            seen += json.dumps(card.get("number"))
    return seen


@settings(max_examples=300)
@given(document=DOCUMENTS, edits=EDITS)
def test_a_write_is_sealed_or_refused(
    transform: Transform, document: dict[str, Any], edits: list[tuple[int, int, bytes]]
) -> None:
    result = write(transform, mutate(json.dumps(document).encode(), edits))
    if isinstance(result, Refusal):
        assert CANARY.encode() not in result.body
        assert result.status < 500
    else:
        seen = designated(json.loads(result.body)) if result.body else ""
        assert CANARY not in seen
        assert CANARY.lower() not in seen


@settings(max_examples=200)
@given(document=st.dictionaries(NAMES, VALUES, max_size=6))
def test_what_was_sealed_reads_as_it_was_written(
    transform: Transform, document: dict[str, Any]
) -> None:
    body = json.dumps(document | {"id": "c1"}).encode()
    result = write(transform, body)
    if isinstance(result, Sealed):
        opened = read(transform, result.body)
        assert isinstance(opened, Opened)
        written = json.loads(body)
        if isinstance(written.get("email"), str):
            written["email"] = written["email"].strip().lower()
        assert json.loads(opened.body) == written


@settings(max_examples=200)
@given(body=st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_answer_raises_or_hands_out_what_was_never_sealed(
    transform: Transform, body: bytes
) -> None:
    for head in (OK, ResponseHead(404, b"Not Found", (JSON,))):
        result = read(transform, body, head)
        assert isinstance(result, (Opened, Refusal))
        if isinstance(result, Refusal):
            assert CANARY.encode() not in result.body
            assert result.status < 500


@given(target=st.text("/cCustomers?=&%2eE1;.\\ssn\x00é", max_size=30))
def test_no_target_raises(transform: Transform, target: str) -> None:
    claim = transform.claim(request("/" + target))
    if isinstance(claim, Hold):
        assert isinstance(write(transform, b"{}", "/" + target), (Sealed, Refusal))
