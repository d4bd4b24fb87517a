# SPDX-License-Identifier: Apache-2.0
"""A body is read by the one codec that its head names, or by none."""

import pytest

from sidecar.backends.media import body_codec, is_coded
from sidecar.codecs.json import CODEC as JSON
from sidecar.codecs.json_patch import CODEC as JSON_PATCH
from sidecar.codecs.merge_patch import CODEC as MERGE_PATCH
from sidecar.codecs.ndjson import CODEC as NDJSON
from sidecar.codecs.xml import CODEC as XML
from sidecar.message import ResponseHead


@pytest.mark.parametrize(
    ("value", "codec"),
    [
        (b"application/json", JSON),
        (b"Application/JSON; charset=utf-8", JSON),
        (b'application/problem+json;charset="UTF-8"', JSON),
        (b"application/merge-patch+json", MERGE_PATCH),
        (b"application/json; odata=verbose", JSON),
        (b"application/x-ndjson", NDJSON),
        (b"application/vnd.elasticsearch+x-ndjson; compatible-with=9", NDJSON),
        (b"application/json; charset=utf-16", None),
        (b"application/json; charset*=utf-16''x", None),
        (b"application/json; charset=utf-8; charset=latin-1", None),
        (b"application/json-patch+json", JSON_PATCH),
        (b"application/soap+xml; charset=utf-8; action=x", XML),
        (b"application/xml-patch+xml", None),
        (b"text/plain", None),
        (b"application/json, text/plain", None),
        (b"", None),
    ],
)
def test_the_media_type_names_the_codec(value: bytes, codec: object) -> None:
    assert body_codec(((b"content-TYPE", value),)) is codec


def test_no_type_or_two_name_none() -> None:
    line = (b"Content-Type", b"application/json")
    assert body_codec(()) is None
    assert body_codec((line, line)) is None


@pytest.mark.parametrize(
    ("values", "coded"),
    [
        ([], False),
        ([b"identity"], False),
        ([b" Identity "], False),
        ([b""], False),
        ([b"gzip"], True),
        ([b"identity, gzip"], True),
        ([b"identity", b"br"], True),
    ],
)
def test_any_coding_but_identity_counts(values: list[bytes], coded: bool) -> None:  # noqa: FBT001
    lines = tuple((b"Content-encoding", value) for value in values)
    assert is_coded(ResponseHead(200, b"OK", lines)) is coded
