# SPDX-License-Identifier: Apache-2.0
"""V1 against the vendor's own composer, and its own traps."""

import pytest
from aliyunsdkcore.auth.composer import rpc_signature_composer

from sidecar.signing import AccessKey, Request, SignatureFailure, v1
from sidecar.signing.failures import MissingPart, UnsupportedMethod
from tests.signing.family import (
    KEY,
    NONCE,
    NOW,
    PARAMETERS,
    Family,
    find_secret,
    with_query,
    without_query,
)

FAMILY = Family("v1")


def test_the_string_to_sign_of_a_captured_request() -> None:
    parameters = {
        "Description": "demo key",
        "Version": "2016-01-20",
        "Action": "CreateKey",
        "Format": "JSON",
        "RegionId": "cn-hangzhou",
        "Timestamp": "2026-11-23T20:31:02Z",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureType": "",
        "SignatureVersion": "1.0",
        "SignatureNonce": "8b526c74a8d2193cf6986faff9461fd4",
        "AccessKeyId": "LTAI5tDemoAccessKey0001",
        "Signature": "takes no part",
    }
    assert v1.string_to_sign("POST", parameters) == (
        "POST&%2F&AccessKeyId%3DLTAI5tDemoAccessKey0001%26Action%3DCreateKey%26Description%3D"
        "demo%2520key%26Format%3DJSON%26RegionId%3Dcn-hangzhou%26SignatureMethod%3DHMAC-SHA1%26"
        "SignatureNonce%3D8b526c74a8d2193cf6986faff9461fd4%26SignatureType%3D%26SignatureVersion"
        "%3D1.0%26Timestamp%3D2026-11-23T20%253A31%253A02Z%26Version%3D2016-01-20"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SignatureMethod", "HMAC-SHA256"),
        ("SignatureMethod", "hmac-sha1"),
        ("SignatureMethod", "none"),
        ("SignatureVersion", "2.0"),
        ("SignatureType", "BEARERTOKEN"),
    ],
)
def test_what_is_signed_in_another_way_is_refused_by_name(name: str, value: str) -> None:
    request = FAMILY.signed()
    if name not in dict(request.query):
        request = request.with_query((name, value))
    with pytest.raises(UnsupportedMethod):
        FAMILY.verify(with_query(request, name, value))


def test_what_the_vendors_composer_signs_verifies() -> None:
    target, _ = rpc_signature_composer.get_signed_url(
        {"Action": "Encrypt", "Version": "2016-01-20", **dict(PARAMETERS)},
        KEY.id,
        KEY.secret,
        "JSON",
        "POST",
        {},
    )
    request = Request.from_wire("POST", target.encode(), (), b"")
    when = request.parameters["Timestamp"]
    now = v1.timestamp.read(when, _seconds(when))
    signed = v1.verify(request, find_secret, now=now)
    assert dict(signed.parameters) == dict(PARAMETERS)


def _seconds(text: str) -> float:
    from datetime import datetime  # noqa: PLC0415

    return datetime.fromisoformat(text).timestamp()


def test_form_parameters_are_signed_too() -> None:
    headers = ((b"Content-Type", b"application/x-www-form-urlencoded; charset=utf-8"),)
    bare = Request("POST", headers=headers, body=b"Action=ListKeys&Version=2016-01-20&A=b+c")
    request = v1.sign(bare, KEY, now=NOW, nonce=NONCE)
    assert dict(v1.verify(request, find_secret, now=NOW).parameters) == {"A": "b c"}
    forged = Request("POST", query=request.query, headers=headers, body=bare.body + b"&D=1")
    with pytest.raises(SignatureFailure):
        v1.verify(forged, find_secret, now=NOW)


def test_a_form_body_of_another_type_holds_no_parameters() -> None:
    request = v1.sign(FAMILY.unsigned(), KEY, now=NOW, nonce=NONCE)
    with_body = Request("POST", query=request.query, body=b"DryRun=true")
    assert "DryRun" not in v1.verify(with_body, find_secret, now=NOW).parameters


@pytest.mark.parametrize(
    "name",
    ["AccessKeyId", "Signature", "SignatureMethod", "SignatureNonce", "Timestamp", "Action"],
)
def test_a_part_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(MissingPart) as caught:
        FAMILY.verify(without_query(FAMILY.signed(), name))
    assert caught.value.code == f"Missing{name}"


@pytest.mark.parametrize("when", ["yesterday", "2026-11-23 20:31:02", "2026-13-01T00:00:00Z", "٢"])
def test_a_time_that_is_none_is_refused(when: str) -> None:
    with pytest.raises(SignatureFailure) as caught:
        FAMILY.verify(with_query(FAMILY.signed(), "Timestamp", when))
    assert caught.value.code == "InvalidTimeStamp.Format"


@pytest.mark.parametrize(
    "target", [b"/?A=%zz", b"/?A=%ff", b"/?A=1&A=2", b"/?A=1#x", b"/?\xc3\xa9"]
)
def test_a_query_with_two_readings_is_refused(target: bytes) -> None:
    with pytest.raises(SignatureFailure) as caught:
        v1.verify(Request.from_wire("POST", target, (), b""), find_secret, now=NOW)
    assert caught.value.code == "InvalidParameter.Format"


def test_secrets_stay_out_of_what_is_printed() -> None:
    request = FAMILY.signed()
    printed = f"{AccessKey('id', 'SECRET', 'TOKEN')!r} {FAMILY.verify(request)!r} {request!r}"
    for secret in ("SECRET", "TOKEN", "aGVsbG8"):
        assert secret not in printed
