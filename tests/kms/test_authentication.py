# SPDX-License-Identifier: Apache-2.0
"""Who calls is proven by a signature that is fresh, counts once and is meant for this KMS."""

import time
import uuid

import pytest

from sidecar.signing import WINDOW_SECONDS, AccessKey, Request, Scope, acs4, v1
from tests.fixtures.kms import RunningKms
from tests.kms.raw import ask, signed, wire
from tests.kms.refusals import last_record, told


def test_a_signature_counts_once(kms: RunningKms) -> None:
    """Also that of a call that was refused: its nonce is used up with its record."""
    for action, first in (("ListKeys", 200), ("NoSuchAction", 404)):
        sent = wire(signed(action, key=kms.access_key))
        assert ask(kms, sent).status == first
        assert told(ask(kms, sent).json) == (400, "SignatureNonceUsed")
        assert last_record(kms)["errorCode"] == "SignatureNonceUsed"


def test_a_failed_signature_uses_up_no_nonce(kms: RunningKms) -> None:
    good = signed("ListKeys", key=kms.access_key, nonce="once")
    bad = signed("ListKeys", key=AccessKey(kms.access_key.id, "guessed"), nonce="once")
    assert ask(kms, wire(bad)).json["Code"] == "SignatureDoesNotMatch"
    assert ask(kms, wire(good)).status == 200


@pytest.mark.parametrize("skew", [-WINDOW_SECONDS - 60, WINDOW_SECONDS + 60])
def test_a_clock_that_is_far_off_is_refused(kms: RunningKms, skew: int) -> None:
    request = signed("ListKeys", key=kms.access_key, now=time.time() + skew)
    assert told(ask(kms, wire(request)).json) == (400, "InvalidTimeStamp.Expired")


def test_who_is_not_proven_is_recorded_as_a_claim(kms: RunningKms) -> None:
    ask(kms, wire(signed("ListKeys", key=AccessKey(kms.access_key.id, "guessed"))))
    identity = last_record(kms)["userIdentity"]
    assert identity == {"type": "unauthenticated", "claimedAccessKeyId": kms.access_key.id}
    ask(kms, wire(signed("ListKeys", key=AccessKey("LTAInobody", "guessed"))))
    assert last_record(kms)["userIdentity"] == {"type": "unauthenticated"}


def test_a_signature_for_elsewhere_does_not_count(kms: RunningKms) -> None:
    headers = ((b"host", b"kms"), (b"x-acs-action", b"ListKeys"), (b"x-acs-version", b"2016-01-20"))
    for scope in (Scope("cn-beijing", "kms"), Scope(kms.region, "ecs")):
        request = acs4.sign(
            Request("POST", headers=headers),
            kms.access_key,
            scope,
            now=time.time(),
            nonce=str(uuid.uuid4()),
        )
        assert told(ask(kms, wire(request)).json) == (400, "IncompleteSignature")


def test_another_version_or_a_session_token_is_refused(kms: RunningKms) -> None:
    request = signed("ListKeys", key=kms.access_key, version="2099-01-01")
    assert told(ask(kms, wire(request)).json) == (400, "InvalidVersion")
    key = AccessKey(kms.access_key.id, kms.access_key.secret, token="a session's")
    answer = ask(kms, wire(signed("ListKeys", key=key))).json
    assert told(answer) == (400, "InvalidSecurityToken.MismatchWithAccessKey")


def test_parameters_may_come_in_the_query_of_a_get_or_in_a_form(kms: RunningKms) -> None:
    cmk = kms.make_key()
    query = (("Action", "DescribeKey"), ("Version", "2016-01-20"), ("KeyId", cmk))
    in_query = v1.sign(
        Request("GET", query=query), kms.access_key, now=time.time(), nonce=str(uuid.uuid4())
    )
    in_query = in_query.with_headers((b"host", b"kms"))
    assert ask(kms, wire(in_query)).json["KeyMetadata"]["KeyId"] == cmk
    form = f"KeyId={cmk}".encode()
    headers = ((b"host", b"kms"), (b"content-type", b"application/x-www-form-urlencoded"))
    in_form = v1.sign(
        Request("POST", query=query[:2], headers=headers, body=form),
        kms.access_key,
        now=time.time(),
        nonce=str(uuid.uuid4()),
    )
    assert ask(kms, wire(in_form)).json["KeyMetadata"]["KeyId"] == cmk


def test_the_record_names_the_action_that_was_signed(kms: RunningKms) -> None:
    """V1 signs no headers, so what `x-acs-action` says there is anybody's word."""
    query = (("Action", "ListAliases"), ("Version", "2016-01-20"))
    request = v1.sign(
        Request("POST", query=query), kms.access_key, now=time.time(), nonce=str(uuid.uuid4())
    )
    request = request.with_headers((b"host", b"kms"), (b"x-acs-action", b"ListKeys"))
    assert "Aliases" in ask(kms, wire(request)).json
    assert last_record(kms)["eventName"] == "ListAliases"


def test_who_signed_for_something_else_is_recorded_by_name(kms: RunningKms) -> None:
    ask(kms, wire(signed("ListKeys", key=kms.access_key, version="2099-01-01")))
    record = last_record(kms)
    assert record["errorCode"] == "InvalidVersion"
    assert record["userIdentity"]["accessKeyId"] == kms.access_key.id
