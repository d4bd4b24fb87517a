# SPDX-License-Identifier: Apache-2.0
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import KeyUnavailable
from sidecar.keys import KeyDenied
from sidecar.keys.providers.answers import Decrypted, failure, read


@given(st.binary(max_size=200))
def test_no_bytes_but_an_answer_are_an_answer(body: bytes) -> None:
    with pytest.raises(KeyUnavailable):
        read(body, Decrypted, "Decrypt")
    error = failure("Decrypt", 400, {}, body)
    assert type(error) is KeyUnavailable
    assert "400" in error.why


def test_an_answer_may_say_more_than_is_asked() -> None:
    body = json.dumps({"Plaintext": "p", "KeyId": "k", "KeyVersionId": "v", "RequestId": "r"})
    answer = read(body.encode(), Decrypted, "Decrypt")
    assert (answer.plaintext, answer.key_id, answer.key_version_id) == ("p", "k", "v")


@pytest.mark.parametrize(
    "fault",
    [
        {"Code": ""},
        {"Code": "a b"},
        {"Code": "x" * 65},
        {"Code": "SECRET\nVALUE"},
        {"Code": 7},
        {"Message": "x"},
        [],
    ],
    ids=str,
)
def test_what_is_no_error_code_is_neither_believed_nor_repeated(fault: object) -> None:
    error = failure("Decrypt", 403, {}, json.dumps(fault).encode())
    assert type(error) is KeyUnavailable
    assert "SECRET" not in error.why


def test_a_request_id_is_repeated_only_where_it_is_one() -> None:
    for request_id, told in (("4C467B38-3910", True), ("SECRET VALUE", False), ("x" * 65, False)):
        body = json.dumps({"Code": "Forbidden.NoPermission", "RequestId": request_id})
        error = failure("Decrypt", 403, {}, body.encode())
        assert isinstance(error, KeyDenied)
        assert (request_id in error.why) == told


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5", "1" * 400, "\u0661", "Wed, 21 Oct 2026"])
def test_a_time_to_wait_that_cannot_be_read_is_a_second(text: str) -> None:
    body = b'{"Code": "Rejected.Throttling"}'
    error = failure("Decrypt", 429, {"retry-after": text}, body)
    assert isinstance(error, KeyUnavailable)
    assert error.retry_after == 1
