# SPDX-License-Identifier: Apache-2.0
"""One record, one id, wherever it is told."""

import pytest

from sidecar.backends import Unbound
from sidecar.backends.records import find_text, record_of, record_path
from sidecar.fieldpath import FieldPath


@pytest.mark.parametrize(
    ("lexeme", "in_path", "record"),
    [
        (b'"a"', None, "a"),
        (b"7", "7", "7"),
        (b'"7"', "7", "7"),
        (b"-70", None, "-70"),
        (b"null", "p", "p"),
        (None, "p", "p"),
        (None, None, None),
        (b"1" * 9999, None, "1" * 9999),
    ],
)
def test_the_document_the_path_or_both_tell_it(
    lexeme: bytes | None, in_path: str | None, record: str | None
) -> None:
    assert record_of(lexeme, in_path) == record


@pytest.mark.parametrize(
    ("lexeme", "in_path"),
    [
        (b"1", "01"), (b'"01"', "1"), (b'"A"', "a"), (b'"a "', "a"), (b'"e\\u0301"', "\u00e9"),
        (b"1.0", "1"), (b"1e0", "1"), (b"-0", "0"), (b"true", "true"), (b'""', None),
    ],
)  # fmt: skip
def test_what_merely_looks_alike_is_another_or_no_id(lexeme: bytes, in_path: str | None) -> None:
    with pytest.raises(Unbound):
        record_of(lexeme, in_path)


def test_a_rule_names_a_member_or_a_variable() -> None:
    assert record_path("a.id") == FieldPath(("a", "id"))
    assert record_path("2nd") == FieldPath(("2nd",))


def test_only_a_text_is_one() -> None:
    assert (find_text(b'"\\u0061"'), find_text(b"1e400"), find_text(b"null")) == ("a", None, None)
