# SPDX-License-Identifier: Apache-2.0
"""Mutated forms, parts and tables: what another, lenient parser takes for the field is sealed."""

import asyncio
import csv
import io
import re
from collections.abc import Callable, Iterator
from email.parser import BytesParser
from email.policy import compat32
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.message import Refusal, RequestHead
from sidecar.transform import Hold, Transform
from tests.keys.rig import at_once
from tests.rules import samples
from tests.transform.rig import Rig

CANARY = "CANARY0123456789"
PART = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
BODIES = {
    "application/x-www-form-urlencoded": urlencode(
        {"id": "c1", "x": "a b", "ssn": CANARY, "y": "é"}
    ).encode(),
    "text/csv": f'id,x,ssn\r\nc1,"a ""b""",{CANARY}\r\nc1,,"{CANARY}"\r\n'.encode(),
    "multipart/form-data; boundary=b": PART % (b"id", b"c1")
    + PART % (b"ssn", CANARY.encode())
    + PART % (b"x", b"1")
    + b"--b--\r\n",
}
ODD = (
    b"", b'"', b"'", b"\r\n", b"\n", b"\r", b",", b";", b"&", b"=", b"%", b"\\", b"--b", b"+",
    b"ssn", b"SSN", b"name=", b"; name=ssn", b"%73", b" ", b"\t", b":", b"\xff", b"\0",
)  # fmt: skip
EDIT = st.tuples(st.integers(0, 300), st.integers(0, 6), st.sampled_from(ODD))
EDITS = st.lists(EDIT, min_size=1, max_size=3)


def by_form(body: bytes) -> Iterator[object]:
    for separators in ("&", "&;"):
        text = re.sub(f"[{separators}]", "&", body.decode("latin-1"))
        yield from (value for name, value in parse_qsl(text) if name.strip().lower() == "ssn")


def by_csv(body: bytes) -> Iterator[object]:
    text = body.decode("latin-1").replace("\0", "")
    for separator in ",;":
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            names, *others = rows
        except (ValueError, csv.Error):
            continue
        for at, name in enumerate(names):
            if name.strip().lower() == "ssn":
                yield from (row[at] for row in others if len(row) > at)


def by_parts(body: bytes) -> Iterator[object]:
    head = b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    for part in BytesParser(policy=compat32).parsebytes(head + body).walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and name.strip().lower() == "ssn":
            yield part.get_payload()


READERS: dict[str, Callable[[bytes], Iterator[object]]] = dict(
    zip(BODIES, (by_form, by_csv, by_parts), strict=True)
)


@pytest.fixture(scope="module")
def transform() -> Transform:
    async def start() -> Transform:
        rig = await Rig.start()
        made = rig.transform(rig.rule(samples.field("ssn"), record=None))
        assert not isinstance(await write(made, "text/csv", b"ssn\n1"), Refusal)
        return made

    return asyncio.run(start())


async def write(transform: Transform, kind: str, body: bytes) -> bytes | Refusal:
    lines = ((b"Content-Type", kind.encode()), (b"X-Tenant-Id", b"acme"))
    claim = transform.claim(RequestHead(b"PUT", b"/customers/c1", samples.HOST, lines))
    assert isinstance(claim, Hold)
    sealed = await transform.seal_request(claim, body)
    return sealed if isinstance(sealed, Refusal) else sealed.body


@settings(max_examples=400)
@given(kind=st.sampled_from(sorted(BODIES)), edits=EDITS)
def test_no_lenient_parser_finds_the_canary_at_the_field(
    transform: Transform, kind: str, edits: list[tuple[int, int, bytes]]
) -> None:
    body = BODIES[kind]
    for at, length, new in edits:
        body = body[:at] + new + body[at + length :]
    result = at_once(write(transform, kind, body))
    if isinstance(result, Refusal):
        assert result.status < 500
        assert CANARY.encode() not in result.body
    else:
        assert not any(CANARY in str(value) for value in READERS[kind](result))
