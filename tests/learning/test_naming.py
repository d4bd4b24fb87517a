# SPDX-License-Identifier: Apache-2.0
"""Names of fields: their words, what they say, what turns it."""

import pytest

from sidecar.learning.detectors import DETECTORS
from sidecar.learning.naming import Hint, hint_of, is_name, words_of


@pytest.mark.parametrize(
    "name",
    ["customerEmailAddr", "customer_email_addr", "Customer-Email.Addr", "CUSTOMER_EMAIL_ADDR"],
)
def test_one_name_in_any_fashion_has_the_same_words(name: str) -> None:
    assert words_of(name) == "customer email addr"


@pytest.mark.parametrize(
    ("kind", "name", "around", "hint"),
    [
        ("email", "contactEmail", "", Hint.SURE),
        ("email", "邮箱地址", "", Hint.SURE),
        ("email", "login", "", Hint.SOME),
        ("email", "c7", "", Hint.NONE),
        ("email", "email_verified", "", Hint.AGAINST),
        ("email", "isEmailPublic", "", Hint.AGAINST),
        ("email", "message_id", "", Hint.AGAINST),
        ("phone", "phoneType", "", Hint.AGAINST),
        ("chinese_phone", "手机号", "", Hint.SURE),
        ("person_name", "name", "customers", Hint.SURE),
        ("person_name", "name", "products", Hint.AGAINST),
        ("person_name", "name", "", Hint.SOME),
        ("person_name", "productName", "users", Hint.AGAINST),
        ("person_name", "姓名", "", Hint.SURE),
        ("secret", "apiKey", "", Hint.SURE),
        ("secret", "next_page_token", "", Hint.AGAINST),
        ("secret", "publicKey", "", Hint.AGAINST),
        ("payment_card", "cardNumber", "", Hint.SURE),
        ("payment_card", "card_brand", "", Hint.AGAINST),
        ("passport", "passportCountry", "", Hint.AGAINST),
        ("chinese_resident_id", "身份证号", "", Hint.SURE),
        ("us_ssn", "socialSecurityNumber", "", Hint.SURE),
    ],
)
def test_what_a_name_says(kind: str, name: str, around: str, hint: Hint) -> None:
    assert hint_of(DETECTORS[kind], name, around) is hint


@pytest.mark.parametrize(
    "text", ["email", "手机号", "first name", "address_line_1", "$ref", "user[email]"][:4]
)
def test_names_are_names(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text",
    ["", "4711", "C-100045", "ada@example.org", "+442079460958", "a\nb", "x" * 90,
     "550e8400-e29b-41d4-a716-446655440000"],
)  # fmt: skip
def test_data_are_no_names(text: str) -> None:
    assert not is_name(text)
