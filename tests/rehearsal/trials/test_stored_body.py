# SPDX-License-Identifier: Apache-2.0
"""Values that a store has got, in every format that rules read."""

import pytest

from sidecar.errors import Misconfigured
from sidecar.rehearsal.trials.stored_body import StoredBody
from sidecar.rehearsal.trials.trees import Number

XML = b"<list xmlns='urn:x'><c id='1'><ssn>a</ssn></c><c><ssn>b</ssn></c></list>"
PARTS = b'--b\r\nContent-Disposition: form-data; name="ssn"\r\n\r\na\r\n--b--\r\n'


def body(content: bytes, media_type: str) -> StoredBody:
    return StoredBody(content, ((b"Content-Type", media_type.encode()),))


@pytest.mark.parametrize(
    ("content", "media_type", "path", "value"),
    [
        (b'{"a b":[{"n":1.10}]}', "application/json", "['a b'][0].n", Number("1.10")),
        (b'[{"op":"add","value":"x"}]', "application/json-patch+json", "[0].value", "x"),
        (b"name=A+B&m%5Bid%5D=7", "application/x-www-form-urlencoded", "['m[id]']", "7"),
        (PARTS, "multipart/form-data; boundary=b", "ssn", "a"),
        (XML, "text/xml; charset=utf-8", "c[1].ssn", "b"),
        (XML, "text/xml", "c[0]['@id']", "1"),
        (b"id,ssn\n1,a\n2,b\n", "text/csv", "[1].ssn", "b"),
        (b"a whole body", "text/plain", "$", "a whole body"),
        (b'{"ssn":"a"}\n{"ssn":"b"}\n', "application/x-ndjson", "[1].ssn", "b"),
    ],
)
def test_a_value_is_found_by_its_path(
    content: bytes, media_type: str, path: str, value: object
) -> None:
    assert body(content, media_type).value_at(path) == value


@pytest.mark.parametrize("path", ["docs[2]", "docs.email", "docs[0].x", "docs[0][0]", "a..b", "["])
def test_a_path_to_nothing_is_told(path: str) -> None:
    with pytest.raises(Misconfigured, match="<stored "):
        StoredBody(b'{"docs":[{"email":"e"},{"n":1.10}]}').value_at(path)


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        (StoredBody(b""), "needs a request that stores a body"),
        (body(b"canary", "image/png"), "cannot be read"),
        (body(b"a=canary", "application/x-www-form-urlencoded"), "the store has nothing there"),
        (body(b"<a>canary", "text/xml"), "<stored b>: "),
    ],
)
def test_what_has_no_value_is_told_without_any(stored: StoredBody, why: str) -> None:
    with pytest.raises(Misconfigured, match=why) as caught:
        stored.value_at("b")
    assert "canary" not in caught.value.why
