# SPDX-License-Identifier: Apache-2.0
"""curl commands: what is read is what curl itself sends, where curl is there to compare with."""

import shlex
import shutil
import socket
import subprocess
import threading

import pytest

from sidecar.errors import Misconfigured
from sidecar.message import find_header
from sidecar.recorded import read_curl

URL = "http://crm.internal:8080/customers"
COMMANDS = [
    "curl {url}",
    "curl -X DELETE {url}/1",
    "curl -I '{url}?a=b%20c'",
    """curl {url} -H 'X-Tenant-Id: acme' --json '{{"ssn": "1"}}'""",
    "curl -XPOST {url} -d a=1 -d 'b=2 3'",
    "curl -sS {url} --data-raw '@not-a-file' -H 'Content-Type: text/plain'",
    "curl -G {url} -d q=1 --data-urlencode 'name=Ada Lovelace' --data-urlencode '=a&b'",
    "curl -u user:pass -b 'a=b; c=d' -A agent -e http://referer/ {url}",
    r"""curl --compressed {url} --data-binary $'{{"a":"it\'s\u00fc\n"}}'""",
    r"curl {url} --data-binary $'\xc3\xbc\303\274'",
    "curl \\\n  {url} \\\n  -H 'Accept: text/csv'",
]


def sent_by_curl(command: str) -> bytes:
    """The bytes that curl sends."""
    received = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                while not _is_whole(received):
                    received.extend(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/customers"
        line = command.format(url=url) + " --noproxy '*' --max-time 20 --output /dev/null"
        subprocess.run(["bash", "-c", line], check=True, timeout=30, capture_output=True)
        thread.join(timeout=30)
    return bytes(received)


def _is_whole(data: bytearray) -> bool:
    head, end, body = bytes(data).partition(b"\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and (not length or len(body) >= int(length[0].split(b":")[1]))


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_read_is_what_curl_sends(command: str) -> None:
    assert shutil.which("curl"), "curl(1) is what is read here"
    head, _, body = sent_by_curl(command).partition(b"\r\n\r\n")
    request_line, *lines = head.split(b"\r\n")
    sent = tuple((name, value) for name, value in (line.split(b": ", 1) for line in lines))

    read = read_curl(command.format(url=URL))

    assert b"%b %b HTTP/1.1" % (read.head.method, read.head.target) == request_line
    assert read.body == body
    assert read.head.authority == "crm.internal:8080"
    for name, value in read.head.headers:
        assert find_header(sent, name.lower()) == value
    for name in (b"content-type", b"authorization", b"cookie"):
        assert find_header(read.head.headers, name) == find_header(sent, name)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("curl", "not 0"),
        ("curl http://a/ http://b/", "not 2"),
        ("curl 'http://a/", "a quote of this curl command"),
        ("curl http://a/ -d @/etc/passwd", "a file of data is not read"),
        ("curl http://a/ -b cookies.txt", "a file of cookies is not read"),
        ("curl http://a/ -F secret=canary", "an option that a rehearsal does not know"),
        ("curl http://a/ --upload-file canary", "an option that a rehearsal does not know"),
        ("curl http://a/ -H canary", "a header is written"),
        ("curl ftp://canary/", "needs the URL of a store"),
    ],
)
def test_what_would_be_another_request_is_an_error(command: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=why) as caught:
        read_curl(command)
    assert "canary" not in caught.value.why


def test_a_command_of_a_browser_is_read() -> None:
    """Chromium, "Copy as cURL (bash)"."""
    command = (
        f"curl {shlex.quote(URL)} \\\n  -H 'accept: */*' \\\n  -b 'session=x' \\\n"
        "  -H 'content-type: application/json' \\\n"
        '  --data-raw $\'{"name":"O\\\'Neill"}\' \\\n  --insecure'
    )
    read = read_curl(command)
    assert read.body == b'{"name":"O\'Neill"}'
    assert find_header(read.head.headers, b"content-type") == b"application/json"
