# SPDX-License-Identifier: Apache-2.0
"""The smallest words: each has one spelling, and a wrong one is told with its place."""

from collections.abc import Callable

import pytest

from sidecar.errors import Misconfigured
from sidecar.keys import CmkRef
from sidecar.rules import words
from sidecar.strict_yaml import Entry, parse


def entry(text: str) -> Entry:
    return parse(text.encode(), "f.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "alias/customers",
        "alias/a/b_c-D9",
        "key-hzz62f1cb66fa42qo83jf",
        "08ec3bb9-034f-485b-b1cd-3459baa8a9c7",
        "acs:kms:cn-hangzhou:123456789012:key/key-hzz62f1cb66fa42qo83jf",
        "acs:kms:cn-hangzhou:123456789012:alias/customers",
    ],
)
def test_a_cmk_is_an_alias_an_id_or_an_arn(text: str) -> None:
    assert words.cmk(entry(text)) == CmkRef(text)


@pytest.mark.parametrize("text", ["customers", "alias/", "alias/a b", "'alias/a\\n'", "key-A", "1"])
def test_anything_else_is_no_cmk(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"f\.yaml:1:1: .*alias/"):
        words.cmk(entry(text))


@pytest.mark.parametrize("text", ["{open: [alias/a]}", "{seal: alias/a, open: []}", "[alias/a]"])
def test_the_long_form_of_a_cmk_names_what_seals(text: str) -> None:
    with pytest.raises(Misconfigured):
        words.cmk(entry(text))


@pytest.mark.parametrize("text", ["X-Tenant-Id", "x-tenant-id", "tenant"])
def test_a_header_is_known_by_its_lower_case(text: str) -> None:
    assert words.header(entry(text)) == text.lower()


@pytest.mark.parametrize("read", [words.name, words.logical_name, words.header, words.lookup_key])
@pytest.mark.parametrize("text", ['""', '"a\\nb"', "[a]", "{a: b}", "null", f'"{"x" * 2001}"'])
def test_no_word_is_empty_several_lines_or_long(read: Callable[[Entry], object], text: str) -> None:
    with pytest.raises(Misconfigured, match=r"f\.yaml:1:1: "):
        read(entry(text))


@pytest.mark.parametrize("text", ["-a", ".a", "a b", "ä", "a/b"])
def test_a_name_labels_metrics_so_it_is_plain(text: str) -> None:
    with pytest.raises(Misconfigured, match="is not a name"):
        words.name(entry(text))
    assert words.name(entry("no")) == "no"
    assert words.logical_name(entry("客户 records")) == "客户 records"
