# SPDX-License-Identifier: Apache-2.0
"""The blob has the vendor's layout, opens in its own context alone, and has one spelling."""

import base64
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.hsm import BadCiphertext, HsmThread, Token
from sidecar.kms.service.ciphertext import (
    MAX_CONTEXT,
    additional_data,
    decrypt,
    encrypt,
    parse_blob,
    parse_context,
    strict_base64,
)
from sidecar.kms.service.in_token import InToken
from sidecar.kms.service.specs import SPECS

VERSION = "d03b5576-78af-4aca-8a32-7be23930e277"
TEXT = base64.b64encode(bytes(32))
SAMPLE = "ODZhOWVmZDktM2QxNi00ODk0LWJkNGYtMWZjNDNmM2YyYWJm"
"""The first part of a CiphertextBlob in the vendor's documentation."""

texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.text("&=%ab", max_size=5)
contexts = st.dictionaries(texts, texts, max_size=4)


def holder(token: Token) -> InToken:
    return InToken(token, SPECS["Aliyun_AES_256"], VERSION.encode())


def test_a_blob_names_its_key_version_first() -> None:
    blob = parse_blob(strict_base64(SAMPLE) + bytes(72))
    assert blob.version_id == "86a9efd9-3d16-4894-bd4f-1fc43f3f2abf"
    assert len(blob.iv) == 12
    assert len(blob.ciphertext) == len(TEXT) + 16
    assert bytes(blob) == strict_base64(SAMPLE) + bytes(72)


@pytest.mark.parametrize("length", [0, 35, 36, 48, 63])
def test_a_blob_has_room_for_all_its_parts(length: int) -> None:
    whole = VERSION.encode() + bytes(12 + 16)
    assert parse_blob(whole).ciphertext == bytes(16)
    with pytest.raises(ValueError, match=r"^$"):
        parse_blob(whole[:length])


@given(st.binary(max_size=120))
def test_what_is_no_blob_is_a_value_error_and_what_is_one_stays_itself(data: bytes) -> None:
    try:
        blob = parse_blob(data)
    except ValueError:
        return
    assert bytes(blob) == data


def test_a_blob_opens_in_its_context_alone(hsm: HsmThread) -> None:
    hsm.run(lambda token: token.generate_aes(VERSION.encode(), "a CMK", 256))
    context = {"a": "b&c=d"}
    blob = hsm.run(lambda token: encrypt(holder(token), VERSION, TEXT, context))
    assert TEXT not in bytes(blob)
    assert hsm.run(lambda token: decrypt(holder(token), blob, context)) == TEXT
    for other in ({}, {"a": "b", "c": "d"}, {"a": "b%26c=d"}, {"a": "b&c=d", "e": ""}):
        with pytest.raises(BadCiphertext):
            hsm.run(lambda token, other=other: decrypt(holder(token), blob, other))


@given(contexts, contexts)
def test_two_contexts_never_bind_to_the_same(one: dict[str, str], other: dict[str, str]) -> None:
    assert (additional_data(one) == additional_data(other)) == (one == other)


def test_a_plain_context_binds_as_in_the_vendors_client() -> None:
    expected = hashlib.sha256(b"store=crm&tenant=a b").hexdigest().encode()
    assert additional_data({"tenant": "a b", "store": "crm"}) == expected
    assert additional_data({}) == b""


@given(contexts)
@settings(max_examples=50)
def test_a_context_is_read_as_it_was_meant(context: dict[str, str]) -> None:
    assert parse_context(json.dumps(context)) == context


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "1", '"a"', "{", '{"a":1}', '{"a":null}', '{"a":{"b":"c"}}'),
        *('{"a":"b","a":"b"}', '{"a":"\\ud800"}', "[" * 8000, '{"a":' * 1000),
        json.dumps({"a": "x" * MAX_CONTEXT}),
    ],
    ids=range(14),
)
def test_anything_but_a_flat_object_of_texts_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that is what readers raise
        parse_context(text)


@given(st.binary(max_size=20))
def test_base64_has_one_spelling(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    assert strict_base64(text) == data
    for other in (text + "\n", text.rstrip("=") + "====", " " + text, text.replace("=", "-") + "-"):
        with pytest.raises(ValueError):  # noqa: PT011 - that is what readers raise
            strict_base64(other)


@pytest.mark.parametrize("text", ["aGk", "aGl=", "aG=k", "aGk=aGk=", "aG-_", "äöü="])
def test_near_misses_of_base64_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that is what readers raise
        strict_base64(text)
