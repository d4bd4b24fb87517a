# SPDX-License-Identifier: Apache-2.0
"""Each mode by itself: what it takes, what it makes of it, what it finds and gives back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.backends import UnexpectedShape
from sidecar.errors import CannotOpen, Malformed
from sidecar.keys import DataKey, LookupKey
from sidecar.keys.providers import OpenedDataKey
from sidecar.rules import Mode
from sidecar.transform.values import Keys, treatment_of
from tests.rules.samples import field

EDK = b"edk of a data key"
LOOKUP_EDK = b"edk of a lookup key"
CONTEXT = b"context"


def keys() -> Keys:
    data_key = DataKey(OpenedDataKey(bytearray(b"d" * 32), "id", "v"), EDK, 1, lambda: bytes(24))
    lookup = LookupKey(OpenedDataKey(bytearray(b"l" * 32), "id", "v"), LOOKUP_EDK)
    return Keys(data_key, {EDK: data_key}, (lookup,))


def there_and_back(mode: Mode, lexeme: bytes, **options: object) -> tuple[bytes, bytes]:
    treatment, at_hand = treatment_of(field("x", mode, **options)), keys()
    sealed = treatment.seal(at_hand, CONTEXT, treatment.prepare(lexeme))
    stored = treatment.find(sealed)
    assert stored is not None
    return sealed, treatment.open(at_hand, CONTEXT, stored)


@pytest.mark.parametrize("mode", [Mode.SEALED, Mode.JSON])
@pytest.mark.parametrize("lexeme", [b'"x"', b"1.10", b"true", b"null", rb'"\u00e9"'])
def test_a_scalar_comes_back_as_it_was_spelled(mode: Mode, lexeme: bytes) -> None:
    sealed, opened = there_and_back(mode, lexeme)
    assert sealed.startswith(b'"enc:1:')
    assert opened == lexeme


@pytest.mark.parametrize("lexeme", [b"{}", b'[1.10, {"a" : [ ]}]'])
def test_a_whole_tree_is_for_json_alone(lexeme: bytes) -> None:
    assert there_and_back(Mode.JSON, lexeme)[1] == lexeme
    for mode in (Mode.SEALED, Mode.EQUALITY, Mode.DIGITS):
        with pytest.raises(UnexpectedShape):
            treatment_of(field("x", mode)).prepare(lexeme)


@pytest.mark.parametrize(
    ("one", "other", "normalize"),
    [
        (b'"a"', rb'"\u0061"', ()),
        (b'" a "', b'"a"', ("trim",)),
        (b'"A\xc3\x89"', b'"a\xc3\xa9"', ("lower",)),
        (b'"+49 (151) 1"', b'"491511"', ("digits",)),
        (b'"e\xcc\x81"', b'"\xc3\xa9"', ("nfc",)),
        (b'" E\xcc\x81 "', b'"\xc3\xa9"', ("trim", "lower", "nfc")),
        (b"42", b"42", ()),
    ],
)
def test_equal_values_seal_alike(one: bytes, other: bytes, normalize: tuple[str, ...]) -> None:
    sealed, opened = there_and_back(Mode.EQUALITY, one, normalize=normalize)
    assert (sealed, opened) == there_and_back(Mode.EQUALITY, other, normalize=normalize)


@pytest.mark.parametrize(("one", "other"), [(b'"a"', b'"A"'), (b'"1"', b"1"), (b'"a"', b'"a "')])
def test_unequal_values_do_not(one: bytes, other: bytes) -> None:
    assert there_and_back(Mode.EQUALITY, one)[0] != there_and_back(Mode.EQUALITY, other)[0]


@pytest.mark.parametrize("lexeme", [b"1.0", b"1e2", b"-0", b"true", b"[1]", rb'"\ud800"'])
def test_a_value_that_equals_another_spelling_is_not_searchable(lexeme: bytes) -> None:
    with pytest.raises(UnexpectedShape):
        treatment_of(field("x", Mode.EQUALITY)).prepare(lexeme)


@given(
    digits=st.text("0123456789", min_size=10, max_size=24),
    keep_last=st.integers(0, 4),
    space=st.integers(0, 9),
)
def test_digits_stay_digits(digits: str, keep_last: int, space: int) -> None:
    text = f"{digits[:space]} {digits[space:]}"
    lexeme = f'"{text}"'.encode()
    sealed, opened = there_and_back(Mode.DIGITS, lexeme, keep_last=keep_last)
    assert opened == lexeme
    assert len(sealed) == len(lexeme)
    assert sealed[len(sealed) - 1 - keep_last :] == lexeme[len(lexeme) - 1 - keep_last :]


@pytest.mark.parametrize("lexeme", [b"4111111111", b"true", rb'"\ud800"'])
def test_digits_are_a_text(lexeme: bytes) -> None:
    treatment = treatment_of(field("x", Mode.DIGITS))
    assert treatment.find(lexeme) is None
    with pytest.raises(UnexpectedShape):
        treatment.prepare(lexeme)


@pytest.mark.parametrize("lexeme", [b'"12345"', b'"1234x567890"', b'""'])
def test_what_has_too_few_digits_or_others_is_refused(lexeme: bytes) -> None:
    treatment = treatment_of(field("x", Mode.DIGITS))
    with pytest.raises(Malformed):
        treatment.seal(keys(), CONTEXT, treatment.prepare(lexeme))


@pytest.mark.parametrize("mode", [Mode.SEALED, Mode.JSON, Mode.EQUALITY])
@pytest.mark.parametrize("lexeme", [b'"x"', b"1", b"{}", b'"enc:x"', rb'"\ud800"', b'" enc:1:AA"'])
def test_what_makes_no_claim_was_never_sealed(mode: Mode, lexeme: bytes) -> None:
    assert treatment_of(field("x", mode)).find(lexeme) is None


@pytest.mark.parametrize("lexeme", [b'"enc:1:"', b'"enc:2:AAAA"', b'"enc:1:AAAA"', b'"enc:1:A="'])
def test_a_claim_that_is_no_envelope_does_not_open(lexeme: bytes) -> None:
    for mode in (Mode.SEALED, Mode.EQUALITY):
        with pytest.raises(CannotOpen):
            treatment_of(field("x", mode)).find(lexeme)


@pytest.mark.parametrize("mode", [Mode.SEALED, Mode.EQUALITY])
def test_an_envelope_is_found_in_every_spelling_of_its_text(mode: Mode) -> None:
    treatment = treatment_of(field("x", mode))
    sealed = treatment.seal(keys(), CONTEXT, treatment.prepare(b'"x"'))
    stored = treatment.find(sealed.replace(b"enc", rb"\u0065n\u0063"))
    assert stored == treatment.find(sealed)
    assert stored is not None
    assert treatment.open(keys(), CONTEXT, stored) == b'"x"'


def test_the_rule_decides_how_a_value_opens_and_never_the_envelope() -> None:
    equal, sealed = (treatment_of(field("x", mode)) for mode in (Mode.EQUALITY, Mode.SEALED))
    for maker, opener in ((equal, sealed), (sealed, equal)):
        stored = opener.find(maker.seal(keys(), CONTEXT, maker.prepare(b'"x"')))
        assert stored is not None
        with pytest.raises(CannotOpen):
            opener.open(keys(), CONTEXT, stored)


def test_a_lookup_key_that_the_rule_does_not_list_opens_nothing() -> None:
    treatment = treatment_of(field("x", Mode.EQUALITY))
    stored = treatment.find(treatment.seal(keys(), CONTEXT, treatment.prepare(b'"x"')))
    assert stored is not None
    other = LookupKey(OpenedDataKey(bytearray(b"l" * 32), "id", "v"), b"another edk")
    with pytest.raises(CannotOpen):
        treatment.open(Keys(lookup=(other,)), CONTEXT, stored)
