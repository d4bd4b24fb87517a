# SPDX-License-Identifier: Apache-2.0
"""Names are read in one way, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.kms.service.names import MAX_ALIAS, Place, alias_name, key_name, new_alias_name

HERE = Place("cn-hangzhou", "1000000000000001")
KEY_ID = "d03b5576-78af-4aca-8a32-7be23930e277"


@pytest.mark.parametrize("name", [KEY_ID, "key-hzz6512b4f2e", "alias/customers", "alias/a/b_c-1"])
def test_a_name_stands_for_itself_and_its_arn_for_the_same_there(name: str) -> None:
    plain = key_name(name)
    assert (plain.name, plain.place) == (name, None)
    assert plain.is_alias == name.startswith("alias/")
    arn = HERE.alias(name) if plain.is_alias else HERE.key(name)
    there = key_name(arn)
    assert (there.name, there.place) == (name, HERE)


@pytest.mark.parametrize(
    "text",
    [
        *("", "a b", "../etc", "alias/", "alias/ä", "alias/a b", "Alias/a", "x" * 65, "ke\ny"),
        "alias/" + "x" * MAX_ALIAS,
        "acs:kms:cn-hangzhou:1:key/",
        "acs:kms:cn-hangzhou:1:secret/x",
        "acs:kms:cn-hangzhou:1:" + KEY_ID,
        "acs:kms:*:1:key/" + KEY_ID,
        "acs:kms:cn-hangzhou:*:key/" + KEY_ID,
        "acs:kms:cn-hangzhou:1:key/key/" + KEY_ID,
        "acs:kms:cn-hangzhou:1:key/*",
        KEY_ID + "\n",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that is what readers raise
        key_name(text)


@given(st.text(max_size=30))
def test_no_wildcard_and_no_separator_gets_into_an_arn(text: str) -> None:
    try:
        name = key_name(text)
    except ValueError:
        return
    assert not set("*?: \n\0") & set(name.name)


def test_the_vendors_own_aliases_can_be_used_but_not_made() -> None:
    assert alias_name("alias/acs/oss") == "alias/acs/oss"
    with pytest.raises(ValueError):  # noqa: PT011 - that is what readers raise
        new_alias_name("alias/acs/oss")
