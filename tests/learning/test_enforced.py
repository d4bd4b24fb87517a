# SPDX-License-Identifier: Apache-2.0
"""A proposal in force: what it was learned from is sealed and opened, and none of it refused."""

import json
from base64 import b64encode
from typing import Any

import pytest

from sidecar import proof
from sidecar.config import read_credentials
from sidecar.errors import Misconfigured
from sidecar.keys import KeyContext, Keyring
from sidecar.keys.providers.kms import KmsProvider
from sidecar.keys.providers.memory import MemoryProvider
from sidecar.learning import MARK
from sidecar.message import RequestHead, ResponseHead
from sidecar.rules import compile_rules
from sidecar.transform import Hold, Opened, Sealed, Transform
from tests.fixtures.kms import RunningKms
from tests.learning.rig import HOST, JSON, as_file, learned, read

TENANT = (b"X-Tenant-Id", b"acme")
CMK = "alias/crm"


def document(number: int) -> dict[str, Any]:
    return {
        "id": f"C-{number}",
        "full_name": "Ada Lovelace",
        "email": f"user{number}@example.org",
        "cards": [{"number": "4111111111111111", "brand": "visa"}, {"number": "5555555555554444"}],
        "contact": {"mobile": f"+4420794609{number:02d}", "home": None},
        "balance": 1.5,
    }


def wrapped(number: int, wrapping: str) -> Any:
    documents = [document(number), document(number + 1)]
    return {wrapping: documents, "total": 2} if wrapping else documents


def traffic(wrapping: str) -> list[tuple[Any, ...]]:
    return [
        exchange
        for number in range(10, 20)
        for exchange in (
            ("POST /v1/customers", document(number), document(number), (TENANT,)),
            (f"PUT /v1/customers/C-{number}", document(number), document(number), (TENANT,)),
            (f"GET /v1/customers/C-{number}", None, document(number), (TENANT,)),
            ("GET /v1/customers?page=2", None, wrapped(number, wrapping), (TENANT,)),
            (
                f"GET /v1/customers?email=user{number}%40example.org",
                None,
                wrapped(number, wrapping),
                (TENANT,),
            ),
        )
    ]


async def in_force(text: str) -> Transform:
    provider = MemoryProvider(CMK)
    made = await provider.generate_data_key(CMK, KeyContext("crm", ""))
    text = text.replace(MARK, b64encode(made.edk).decode()).replace("monitor", "enforce")
    return Transform(compile_rules(read(text)), Keyring(provider))


@pytest.mark.parametrize("wrapping", ["", "items", "data", "customers"])
async def test_nothing_that_was_learned_from_is_refused(wrapping: str) -> None:
    exchanges = traffic(wrapping)
    transform = await in_force(as_file(learned(exchanges)))
    for line, sent, answered, headers in exchanges:
        method, target = line.split(" ")
        head = RequestHead(method.encode(), target.encode(), HOST, (*JSON, *headers))
        hold = transform.claim(head)
        assert isinstance(hold, Hold)
        body = b"" if sent is None else json.dumps(sent).encode()
        sealed = await transform.seal_request(hold, body)
        assert isinstance(sealed, Sealed), sealed
        for plain in (b"example.org", b"4111111111111111", b"Ada Lovelace", b"+44"):
            assert plain not in sealed.body + sealed.head.target
        stored = await _stored(transform, answered)
        opened = await transform.open_response(hold, ResponseHead(200, b"", JSON), stored)
        assert isinstance(opened, Opened), opened
        assert json.loads(opened.body) == answered


async def _stored(transform: Transform, answer: Any) -> bytes:
    """The answer as the store would give it, had each of its documents been written."""
    if isinstance(answer, list):
        return b"[%b]" % b",".join([await _stored(transform, each) for each in answer])
    if "total" in answer:
        (name,) = answer.keys() - {"total"}
        return b'{"%b":%b,"total":2}' % (name.encode(), await _stored(transform, answer[name]))
    head = RequestHead(b"POST", b"/v1/customers", HOST, (*JSON, TENANT))
    hold = transform.claim(head)
    assert isinstance(hold, Hold)
    sealed = await transform.seal_request(hold, json.dumps(answer).encode())
    assert isinstance(sealed, Sealed)
    return sealed.body


async def test_the_mark_for_a_lookup_key_proves_nothing_and_tells_what_to_do(
    kms: RunningKms,
) -> None:
    """So the proxy does not start with it."""
    kms.make_key(CMK)
    key = read_credentials(kms.credentials_file).key
    keyring = Keyring(KmsProvider(kms.endpoint, "cn-hangzhou", key))
    *others, last = proof.steps(read(as_file(learned(traffic("")))), keyring)
    for step in others:
        await step.prove()
    with pytest.raises(Misconfigured, match=f"lookup-key --cmk {CMK} --store crm"):
        await last.prove()
    await keyring.aclose()
