# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent: a documented refusal in JSON, never a 5xx or a traceback; and it serves on.

Every action of every API is sent parameters that are wrong in every way. What calls of RAM that are
right come to, in any order, is for `ram/test_fuzz.py`.
"""

from __future__ import annotations

import base64
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sidecar.kms.api.action import Action
from sidecar.kms.api.products import PRODUCTS, STS, Product
from sidecar.signing import Request
from tests.fixtures.kms import RunningKms
from tests.kms.raw import Connection, Reply, ask, signed, wire

EVERY = [(product, action) for product in PRODUCTS.values() for action in product.actions.values()]
# The KMS is the same for all examples: what one of them does to it must not hurt the next.
SHARED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NASTY = (
    *(
        "",
        " ",
        "\0",
        "\x7f",
        "null",
        "true",
        "[]",
        "{}",
        "[" * 2000,
        '{"a":' * 500,
        "\ufffe",
        "\U0001f511",
    ),
    *(
        "0",
        "-1",
        "1" * 40,
        "1e9",
        "\u0661",
        "NaN",
        "%00",
        "' OR 1=1 --",
        "../../etc/passwd",
        "a" * 20_000,
    ),
    *("alias/", "alias/a", "acs:kms:cn-hangzhou:1:key/x", "acs:kms:::", "AAAA", "====", "YQ==\n"),
    *('{"a":"\\ud800"}', '{"a":1}', '{"a":{"b":"c"}}', '{"a":"b","a":"c"}', '[{"TagKey":null}]'),
)
TEXTS = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=60),
    st.binary(max_size=200).map(lambda data: base64.b64encode(data).decode()),
    st.integers().map(str),
    st.uuids().map(str),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    ).map(repr),
)
NAMES = st.one_of(
    st.sampled_from(sorted({p.name for _, action in EVERY for p in action.parameters})),
    st.text(string.ascii_letters + "._1", min_size=1, max_size=30),
)


WORDS = {
    "PolicyType": ("System", "Custom"),
    "PolicyName": ("AliyunKMSReadOnlyAccess", "use-keys", "f-one"),
    "PolicyDocument": (
        '{"Version":"1","Statement":[{"Effect":"Deny","Action":"kms:A","Resource":"*"}]}',
    ),
    **{f"{kind}Name": ("f-one", "f-two") for kind in ("User", "Group", "Role", "NewUser")},
    "Status": ("Active", "Inactive"),
    "RoleArn": ("acs:ram::1000000000000001:role/f-one",),
    "OIDCProviderArn": ("acs:ram::1000000000000001:oidc-provider/cluster",),
    "RoleSessionName": ("me",),
    "VersionId": ("v1",),
    "Policy": (
        '{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
        '{"Version":"1","Version":"1"}',
    ),
    "StartTime": ("2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"),
    "EndTime": ("2026-01-01T00:00:00Z", "2026-01-01"),
    "LookupAttribute": ('[{"Key":"EventName","Value":"a"}]', '[{"Key":7}]'),
}
"""Right ones beside them, so that more than the reading of parameters is asked."""


def is_sound(reply: Reply) -> None:
    """An answer, or a refusal as the SDKs read it; of what is inside, nothing."""
    assert reply.status < 500, reply
    assert reply.json["RequestId"]
    assert b"Traceback" not in reply.body
    assert b"sqlalchemy" not in reply.body.lower()
    if reply.status != 200:
        assert reply.json["Code"]
        assert reply.json["Message"]


def asked(action: Action, data: st.DataObject) -> dict[str, str]:
    """Some of its parameters, right or wrong, and perhaps one that it does not have."""
    given_ = {
        p.name: data.draw(st.sampled_from(WORDS[p.name]) if is_right else TEXTS, label=p.name)
        for p in action.parameters
        if p.name == "KeyId" or data.draw(st.booleans())
        for is_right in [p.name in WORDS and data.draw(st.booleans())]
    }
    return given_ | data.draw(st.dictionaries(NAMES, TEXTS, max_size=1))


@pytest.mark.parametrize(
    ("product", "action"), EVERY, ids=[f"{product.name}-{action.name}" for product, action in EVERY]
)
def test_no_parameters_of_an_action_break_it(
    kms: RunningKms, product: Product, action: Action
) -> None:
    @settings(SHARED, max_examples=12)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        given_ = asked(action, data).items()
        sent = signed(action.name, *given_, key=kms.access_key, version=product.version)
        is_sound(ask(kms, wire(sent)))

    check()


@SHARED
@given(st.data())
def test_no_unsigned_parameters_break_it(kms: RunningKms, data: st.DataObject) -> None:
    """The one call of strangers that is heard at all."""
    parameters = asked(STS.actions["AssumeRoleWithOIDC"], data)
    asked_ = {"Action": "AssumeRoleWithOIDC", "Version": STS.version} | parameters
    headers = ((b"host", b"kms"),)
    is_sound(ask(kms, wire(Request("POST", query=tuple(asked_.items()), headers=headers))))


@SHARED
@given(action=st.text(max_size=80), parameters=st.dictionaries(NAMES, TEXTS, max_size=4))
def test_no_action_breaks_it(kms: RunningKms, action: str, parameters: dict[str, str]) -> None:
    sent = signed("ListKeys", ("Action", action), *parameters.items(), key=kms.access_key)
    is_sound(ask(kms, wire(sent)))


@SHARED
@given(target=st.binary(max_size=300), headers=st.lists(st.binary(max_size=60), max_size=4))
def test_no_head_breaks_it(kms: RunningKms, target: bytes, headers: list[bytes]) -> None:
    clean = target.replace(b"\r", b"").replace(b"\n", b"").replace(b" ", b"")
    lines = b"".join(h.replace(b"\r", b"").replace(b"\n", b"") + b"\r\n" for h in headers)
    with Connection(kms) as connection:
        connection.send(b"POST /?" + clean + b" HTTP/1.1\r\nHost: kms\r\n" + lines + b"\r\n")
        connection.socket.shutdown(1)
        reply = read(connection)
    if reply is not None:
        is_sound(reply)


@SHARED
@given(st.binary(max_size=400))
def test_no_bytes_break_it(kms: RunningKms, data: bytes) -> None:
    with Connection(kms) as connection:
        connection.send(data)
        connection.socket.shutdown(1)
        reply = read(connection)
    if reply is not None:
        is_sound(reply)


def read(connection: Connection) -> Reply | None:
    """The answer, or None where the connection was ended without one."""
    try:
        return connection.read()
    except (ConnectionError, IndexError):
        return None


def test_it_serves_on_and_failed_at_nothing(kms: RunningKms) -> None:
    answer: dict[str, Any] = kms.call("ListKeys")
    assert answer["RequestId"]
    assert "InternalFailure" not in kms.log.read_text()
    assert " failed: " not in kms.log.read_text()
