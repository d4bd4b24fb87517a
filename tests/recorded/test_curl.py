# SPDX-License-Identifier: Apache-2.0
"""curl commands: what is read is what curl itself sends, where curl is there to compare with."""

import re
import shlex
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.message import find_header
from sidecar.recorded import read_curl
from sidecar.recorded.curl_data import BOUNDARY

URL = "http://crm.internal:8080/customers"
_BOUNDARY = re.compile(rb"-{24}[0-9A-Za-z]{16,22}")
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
    """curl {url} --data-urlencode "q=email:'a=b@c'" --data-urlencode 'a b&c' -d x""",
    "curl {url} -d @lines.json -d b=1 -H 'Accept:' -H 'X-Empty;'",
    "curl {url} --data-binary @lines.json -H 'Content-Type: application/json'",
    "curl {url} --json @lines.json",
    "curl {url} --data-urlencode text@lines.json --data-urlencode @lines.json",
    "curl {url} -F name=Ada -F 'file=@lines.json;type=application/json' -F 'text=<lines.json'",
    """curl {url} -F 'meta={{"a": 1}};type=application/json' -F 'q="a;b\\"c"' -F f=@notes.txt""",
    """curl {url} --form-string 'a=@b;type=c' -F 'x"y=1' -F 'f=@lines.json;filename=a"b.csv'""",
    "curl {url} -T lines.json",
    "curl {url} --oauth2-bearer token -r 0-99 --url-query 'a=b c' -fsSLN4 --retry 3",
]


def sent_by_curl(command: str, folder: Path) -> bytes:
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
        run = ["bash", "-c", line]
        subprocess.run(run, check=True, timeout=30, capture_output=True, cwd=folder)
        thread.join(timeout=30)
    return bytes(received)


def _is_whole(data: bytearray) -> bool:
    head, end, body = bytes(data).partition(b"\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and (not length or len(body) >= int(length[0].split(b":")[1]))


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_read_is_what_curl_sends(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shutil.which("curl"), "curl(1) is what is read here"
    (tmp_path / "lines.json").write_bytes(b'{"ssn":\r\n "1",\n "name": "\xc3\x9c a+b"}\n')
    (tmp_path / "notes.txt").write_text("notes")
    monkeypatch.chdir(tmp_path)
    sent_bytes = _BOUNDARY.sub(BOUNDARY.encode(), sent_by_curl(command, tmp_path))
    head, _, body = sent_bytes.partition(b"\r\n\r\n")
    request_line, *lines = head.split(b"\r\n")
    parted = (line.partition(b":") for line in lines)
    sent = tuple((name, value.strip()) for name, _, value in parted)

    read = read_curl(command.format(url=URL))

    assert b"%b %b HTTP/1.1" % (read.head.method, read.head.target) == request_line
    assert read.body == body
    assert read.head.authority == "crm.internal:8080"
    for name, value in read.head.headers:
        assert find_header(sent, name.lower()) == value
    for name in (b"content-type", b"authorization", b"cookie", b"accept", b"range", b"x-empty"):
        if name == b"accept" and find_header(sent, name) == b"*/*":
            continue
        assert find_header(read.head.headers, name) == find_header(sent, name)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("curl", "not 0"),
        ("curl http://a/ http://b/", "not 2"),
        ("curl 'http://a/", "a quote of this curl command"),
        ("curl http://a/ -d @/none/such", "/none/such: cannot be read: No such file"),
        ("curl http://a/ -d @-", "from its standard input"),
        ("curl http://a/ -d @/dev/zero", "has more than 67108864 bytes"),
        ("curl http://a/ -F canary", "a part of a form is NAME=VALUE"),
        ("curl http://a/ -F 'a=canary;encoder=base64'", "a part of a form is NAME=VALUE"),
        ("curl http://a/ --form-string canary", "a part of a form is NAME=VALUE"),
        ("curl http://a/ -F a=canary -d b=canary", "data, a form and an upload in one"),
        ("curl http://a/ -b cookies.txt", "a file of cookies is not read"),
        ("curl http://a/ --aws-sigv4 canary", "cannot be read at --aws-sigv4; leave that away"),
        ("curl http://a/ --next http://a/canary", "cannot be read at --next"),
        ("curl http://a/ -Zcanary", "cannot be read at -Z;"),
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
