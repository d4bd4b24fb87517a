# SPDX-License-Identifier: Apache-2.0
"""Each detector on what it is for, what looks like it, and hard negatives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.learning.detectors import DETECTORS, Look

CERTAIN = {
    "email": ["ada@example.org", "o'neil+tag@mail.example.co.uk", "用户@例子.公司"],
    "phone": ["+44 20 7946 0958", "+1-212-555-0123", "(212) 555-0123", "0049 30 901820"],
    "chinese_phone": ["13800138000", "+86 138 0013 8000", "86-13800138000"],
    "payment_card": ["4111111111111111", "4111 1111 1111 1111", "378282246310005",
                     "6200000000000005"],
    "chinese_resident_id": ["11010519491231002X", "11010519491231002x"],
    "iban": ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"],
    "passport": ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"],
    "secret": [
        "ghp_" + "a1B2" * 9, "AKIAIOSFODNN7EXAMPLE", "sk_live_" + "a1B2" * 6,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "Bearer abcdefgh12345678",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE", "$2b$12$abcdefghijklmnopqrstuv",
    ],
    "us_ssn": ["536-22-8726"],
}  # fmt: skip
UNLIKE = {
    "email": ["@ada", "ada@", "git@github.com:a/b", "a b@example.org", "ada@localhost",
              "x" * 300 + "@a.bc"],
    "phone": ["2024-01-05", "192.168.1.1", "5.12.2024", "12345", "order 66", "+1"],
    "chinese_phone": ["12800138000", "138001380001", "1700000000"],
    "payment_card": ["4111111111111112", "************1111", "350000000000000", "0000000000000000"],
    "chinese_resident_id": ["110105194913310023", "110105194912310", "4111111111111111111"],
    "iban": ["DE89370400440532013001", "ZZ89370400440532013000", "INV-2026-000123"],
    "passport": ["password", "12", "ABCDEFGHI"],
    "person_name": ["ada", "A1", "order 66", "https://example.org", "x" * 80],
    "secret": ["", "ab"],
    "us_ssn": ["000-22-8726", "078051120000", "53622-8726"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, vs in CERTAIN.items() for v in vs])
def test_what_has_a_form_of_its_own_is_certain(kind: str, value: str) -> None:
    assert DETECTORS[kind].look(value) is Look.CERTAIN


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, vs in UNLIKE.items() for v in vs])
def test_what_is_something_else_is_unlike(kind: str, value: str) -> None:
    assert DETECTORS[kind].look(value) is Look.UNLIKE or (
        kind == "us_ssn" and DETECTORS[kind].look(value) is not Look.CERTAIN
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "2125550123"),
        ("passport", "E12345678"),
        ("person_name", "Ada Lovelace"),
        ("person_name", "Ludwig van Beethoven"),
        ("person_name", "Jean-Luc O'Neill"),
        ("person_name", "王小明"),
        ("secret", "q7Jd02KsPz9xLm4TvB81nWcY"),
        ("us_ssn", "536228726"),
    ],
)
def test_what_other_things_look_like_too_is_only_alike(kind: str, value: str) -> None:
    assert DETECTORS[kind].look(value) is Look.ALIKE


@pytest.mark.parametrize(
    "value",
    [
        "550e8400-e29b-41d4-a716-446655440000",
        "d41d8cd98f00b204e9800998ecf8427e",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "2026-01-05T12:30:00Z",
        "1700000000123",
        "ErgonomicSteelChair",
        "10.0.0.1",
        "INV-2026-000123",
        "Mozilla/5.0 (X11; Linux x86_64)",
    ],
)
def test_identifiers_digests_and_times_are_no_kind_beyond_doubt(value: str) -> None:
    assert not [kind for kind, each in DETECTORS.items() if each.look(value) is Look.CERTAIN]


@pytest.mark.parametrize("kind", DETECTORS)
@given(value=st.text(max_size=60))
@settings(deadline=None)  # the first number of a country loads its plan
def test_a_detector_takes_any_text(kind: str, value: str) -> None:
    assert DETECTORS[kind].look(value) in Look


@pytest.mark.parametrize("kind", DETECTORS)
@pytest.mark.parametrize("piece", ["a", "1", "-", "a.", "A ", "a-", "1 ", "@a", "aA1", "<"])
def test_no_text_makes_a_detector_slow(kind: str, piece: str) -> None:
    """A pattern that backtracks without end would run into the time-out of the suite."""
    assert DETECTORS[kind].look(piece * 20_000 + "\n") in Look


def test_each_kind_is_told_once_and_in_words() -> None:
    for kind, detector in DETECTORS.items():
        assert kind == detector.kind
        assert detector.title.split()[0] in {"a", "an"}
