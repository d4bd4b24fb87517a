# SPDX-License-Identifier: Apache-2.0
"""A subject has what the API asks for, and nothing that nobody checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.kms.service.certificates.subject import read_domain, read_subject

SUBJECT = "CN=userName,OU=kms,O=aliyun,C=CN"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SUBJECT, SUBJECT),
        ("C=CN,O=aliyun,OU=kms,CN=userName", "C=CN,O=aliyun,OU=kms,CN=userName"),
        (
            "CN=名字, OU=部门 ,O=公司,ST=浙江,L=杭州,C=CN",
            "CN=名字,OU=部门,O=公司,ST=浙江,L=杭州,C=CN",
        ),
        (r"CN=a\,b\\, OU=kms,O=x,C=CN", r"CN=a\,b\\,OU=kms,O=x,C=CN"),
        ("CN=a,OU=one,OU=two,O=x,C=CN", "CN=a,OU=one,OU=two,O=x,C=CN"),
    ],
)
def test_a_distinguished_name_comes_back(text: str, told: str) -> None:
    assert read_subject(text).rfc4514_string() == told


@pytest.mark.parametrize(
    "text",
    [
        "OU=kms,O=aliyun,C=CN",
        "CN=a,OU=kms,O=aliyun",
        "CN=a,OU=kms,O=aliyun,C=CHN",
        "CN=,OU=kms,O=aliyun,C=CN",
        "CN=a,CN=b,OU=kms,O=aliyun,C=CN",
        "CN=a,OU=kms,O=aliyun,C=CN,C=DE",
        "CN=a,OU=kms,O=aliyun,C=CN,DC=com",
        "CN=a,OU=kms,O=aliyun,C=CN,1.2.840.113549.1.9.1=a@b",
        "CN=a;OU=kms;O=aliyun;C=CN",
        f"CN={'a' * 65},OU=kms,O=aliyun,C=CN",
        "",
        "CN=\ud800,OU=kms,O=aliyun,C=CN",
    ],
)
def test_what_is_missing_twice_or_unasked_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - readers raise nothing else
        read_subject(text)


@given(st.text('CNOU=,+\\#"; \0a1é', max_size=40).map(lambda text: text + "," + SUBJECT))
def test_any_text_is_a_name_or_a_value_error(text: str) -> None:
    try:
        name = read_subject(text)
    except ValueError:
        return
    assert read_subject(name.rfc4514_string()) == name


@pytest.mark.parametrize("entry", ["example.com", "*.example.com", "localhost", "xn--fiq.example"])
def test_domain_names(entry: str) -> None:
    assert read_domain(entry) == entry


@pytest.mark.parametrize(
    "entry",
    [
        *("", "a..b", "-a.example", "a.*.example", "*", "**.a", "a b", "é.example", "a.example."),
        *("a.example\n", "a.example,DNS:b.example", "a\0.example", "a" * 64, "a." * 127 + "a"),
        *(7, None, ["a.example"]),
    ],
)
def test_what_is_no_domain_name(entry: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - readers raise nothing else
        read_domain(entry)
