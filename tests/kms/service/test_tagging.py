# SPDX-License-Identifier: Apache-2.0
"""Tags are read in each of the ways that SDKs write them, and no others get in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.kms.service.tagging import MAX_TAGS, read_names, read_tags, tag_name

WORDS = st.text("abcXYZ019/\\_-.+=:@", min_size=1, max_size=128)


@given(st.dictionaries(WORDS, WORDS | st.just(""), max_size=MAX_TAGS))
def test_tags_come_back_as_they_were_written(tags: dict[str, str]) -> None:
    written = [{"TagKey": name, "TagValue": value} for name, value in tags.items()]
    if any(name.startswith(("aliyun", "acs:")) for name in tags):
        with pytest.raises(ValueError):  # noqa: PT011 - readers say no more
            read_tags("TagKey", "TagValue")(json.dumps(written))
    else:
        assert read_tags("TagKey", "TagValue")(json.dumps(written)) == tags


def test_a_tag_without_a_value_has_an_empty_one() -> None:
    assert read_tags("Key", "Value")('[{"Key":"a"}]') == {"a": ""}


@pytest.mark.parametrize(
    ("text", "names"), [('["a","b"]', ["a", "b"]), ("a,b", ["a", "b"]), ("a", ["a"])]
)
def test_names_come_as_json_or_with_commas(text: str, names: list[str]) -> None:
    assert read_names(text) == names


@pytest.mark.parametrize("text", ["", ",", "a,,b", "[]", "[1]", '["a"', "acs:x", "a b", '[["a"]]'])
def test_what_is_no_list_of_names_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - readers say no more
        read_names(text)


@pytest.mark.parametrize(
    "text", ["", "a" * 129, "a\n", "\N{LATIN SMALL LETTER E WITH ACUTE}", "a,b"]
)
def test_what_is_no_name_of_a_tag_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - readers say no more
        tag_name(text)
