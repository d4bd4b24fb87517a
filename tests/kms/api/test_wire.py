# SPDX-License-Identifier: Apache-2.0
"""What comes over the wire, well-formed or not, is answered in JSON that every SDK can read."""

import pytest

from sidecar.kms.api.wire import MAX_BODY, MAX_REQUEST_LINE
from tests.fixtures.kms import RunningKms
from tests.kms.raw import Connection, Reply, ask, signed, wire


def refused(reply: Reply, status: int, code: str) -> None:
    told = reply.json
    assert (reply.status, told["HttpStatus"], told["Code"]) == (status, status, code)
    assert told["Message"]
    assert told["HostId"]
    assert told["Recommend"].startswith("https://")
    assert told["RequestId"] == reply.headers["x-acs-request-id"]
    assert reply.headers["content-type"] == "application/json"


def test_an_answer_names_its_request(kms: RunningKms) -> None:
    reply = ask(kms, wire(signed("ListKeys", key=kms.access_key)))
    assert reply.status == 200
    assert reply.json["RequestId"] == reply.headers["x-acs-request-id"]


@pytest.mark.parametrize(
    ("request_line", "status", "code"),
    [
        ("GET / HTTP/1.1", 400, "MissingAccessKeyId"),
        ("POST /v1 HTTP/1.1", 404, "InvalidApi.NotFound"),
        ("POST //?Action=ListKeys HTTP/1.1", 404, "InvalidApi.NotFound"),
        ("POST /%2F HTTP/1.1", 404, "InvalidApi.NotFound"),
        ("PUT / HTTP/1.1", 403, "UnsupportedHTTPMethod"),
        ("OPTIONS * HTTP/1.1", 404, "InvalidApi.NotFound"),
        ("POST /?a=%zz HTTP/1.1", 400, "InvalidParameter.Format"),
        ("POST /?a=1&a=2 HTTP/1.1", 400, "InvalidParameter.Format"),
        ("POST /?a=%ff HTTP/1.1", 400, "InvalidParameter.Format"),
        ("nonsense", 400, "InvalidRequest"),
        ("POST / HTTP/9.9.9", 400, "InvalidRequest"),
    ],
)
def test_what_is_no_call_is_refused_in_json(
    kms: RunningKms, request_line: str, status: int, code: str
) -> None:
    refused(ask(kms, f"{request_line}\r\nHost: kms\r\n\r\n".encode()), status, code)


def filled(kms: RunningKms, length: int) -> bytes:
    """A signed request with a request line of `length` bytes (method, target, version)."""
    fixed = len("POST /?Description= HTTP/1.1")
    query = ("Description", "x" * (length - fixed))
    return wire(signed("CreateKey", query, key=kms.access_key))


def test_a_request_line_of_256_kib_is_read(kms: RunningKms) -> None:
    reply = ask(kms, filled(kms, MAX_REQUEST_LINE))
    refused(reply, 400, "InvalidParameter")  # the description is too long, the line is not
    assert "Description" in reply.json["Message"]


@pytest.mark.parametrize("length", [MAX_REQUEST_LINE + 1024, 4 * MAX_REQUEST_LINE])
def test_a_longer_one_is_refused(kms: RunningKms, length: int) -> None:
    refused(ask(kms, filled(kms, length)), 414, "RequestURITooLong")


def test_headers_without_end_are_refused(kms: RunningKms) -> None:
    line = b"x-filler: " + b"x" * 1000 + b"\r\n"
    reply = ask(kms, b"POST / HTTP/1.1\r\nHost: kms\r\n" + line * 400)
    refused(reply, 431, "RequestHeaderFieldsTooLarge")


def test_a_body_that_is_too_long_is_refused(kms: RunningKms) -> None:
    head = f"POST / HTTP/1.1\r\nHost: kms\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n"
    refused(ask(kms, head.encode() + b"x" * (MAX_BODY + 1)), 413, "RequestEntityTooLarge")


def test_an_answer_leaves_in_one_piece_and_the_connection_is_kept(kms: RunningKms) -> None:
    """Head and body in two segments would cost a delayed ACK, 40 ms, for every answer."""
    with Connection(kms) as connection:
        for _ in range(5):
            connection.send(wire(signed("ListKeys", key=kms.access_key)))
            received = connection.socket.recv(65536)
            head, _, body = received.partition(b"\r\n\r\n")
            assert f"content-length: {len(body)}".encode() in head


def test_requests_that_are_sent_before_an_answer_are_answered_in_turn(kms: RunningKms) -> None:
    with Connection(kms) as connection:
        connection.send(
            wire(signed("ListKeys", key=kms.access_key)) + b"PUT / HTTP/1.1\r\nHost: kms\r\n\r\n"
        )
        assert connection.read().status == 200
        assert connection.read().status == 403


def test_xml_is_refused_by_name(kms: RunningKms) -> None:
    reply = ask(kms, wire(signed("ListKeys", ("Format", "XML"), key=kms.access_key)))
    refused(reply, 400, "UnsupportedOperation")


def test_a_refusal_by_policy_says_who_was_refused_what(kms: RunningKms) -> None:
    foreign = "acs:kms:cn-hangzhou:1000000000000009:key/of-another"
    reply = ask(kms, wire(signed("DescribeKey", ("KeyId", foreign), key=kms.access_key)))
    refused(reply, 403, "Forbidden.NoPermission")
    assert foreign in reply.json["Message"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_who_watches_the_process_hears_one_word(kms: RunningKms, path: str) -> None:
    reply = ask(kms, f"GET {path} HTTP/1.1\r\nHost: kms\r\n\r\n".encode())
    assert (reply.status, reply.json) == (200, {"status": "ok"})
    refused(
        ask(kms, f"POST {path} HTTP/1.1\r\nHost: kms\r\n\r\n".encode()), 404, "InvalidApi.NotFound"
    )
