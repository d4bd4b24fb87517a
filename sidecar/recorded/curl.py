# SPDX-License-Identifier: Apache-2.0
"""A curl command line, as people type it and as browsers copy it (curl(1), 8.x).

Only options that say what is sent, and those that say nothing about it, are known; another one is
an error, because the request would be another than curl's. `curl_data` makes the body.
"""

from __future__ import annotations

import argparse
import re
import shlex
from base64 import b64encode
from typing import Any, NoReturn

from sidecar.errors import Misconfigured
from sidecar.message import Headers, RequestHead
from sidecar.recorded.curl_data import Body, Part, build_body, join
from sidecar.recorded.exchange import Exchange, header_line, split_url, to_bytes

_ANSI_C = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_CONTINUED = re.compile(r"\\\r?\n")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f"}


# What these say is about the connection or about curl's own output.
_FLAGS = (
    "-k --insecure -s --silent -S --show-error -v --verbose -i --include -L --location -f --fail "
    "-N --no-buffer -g --globoff -4 --ipv4 -6 --ipv6 -# --progress-bar -O --remote-name -q "
    "-J --remote-header-name -j --junk-session-cookies -0 --http1.0 --http1.1 --http2 --http3 "
    "--compressed --fail-with-body --no-progress-meter --location-trusted --ssl-no-revoke "
    "--tlsv1.2 --tlsv1.3 --no-keepalive --tcp-nodelay --raw --styled-output --path-as-is"
)
_SETTINGS = (
    "-o --output -m --max-time -w --write-out -x --proxy -E --cert -c --cookie-jar "
    "-D --dump-header -Y --speed-limit -y --speed-time --cacert --capath --key --pass --ciphers "
    "--connect-timeout --resolve --connect-to --retry --retry-delay --retry-max-time --noproxy "
    "--proxy-user --interface --limit-rate --max-redirs --unix-socket --keepalive-time --proto"
)
_DATA = (
    "-d --data --data-ascii --data-raw --data-binary --data-urlencode --json "
    "-F --form --form-string -T --upload-file"
)
_HEADERS = {
    "-A --user-agent": "User-Agent",
    "-e --referer": "Referer",
    "-r --range": "Range",
    "--oauth2-bearer": "Authorization",
}
_PREFIXES = {"Range": b"bytes=", "Authorization": b"Bearer "}
_OPTION = re.compile(r"--[a-z][a-z0-9.-]*|-[A-Za-z0-9#]")


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        option = _OPTION.search(message)  # its name alone: the rest may quote a value
        raise Misconfigured(
            f"this curl command cannot be read{f' at {option[0]}' if option else ''}; leave that "
            "away, or give the request as raw HTTP"
        )


class _Data(argparse.Action):
    """Keeps the parts of the body in their order, with the option that brought each."""

    def __call__(
        self, _parser: object, namespace: argparse.Namespace, values: object, option: object = None
    ) -> None:
        parts = [*getattr(namespace, self.dest), Part(str(option), str(values))]
        setattr(namespace, self.dest, parts)


def _parser() -> _Arguments:
    parser = _Arguments(prog="curl", add_help=False, allow_abbrev=False)
    parser.add_argument("urls", nargs="*")
    parser.add_argument("--url", action="append", dest="urls_named", default=[])
    parser.add_argument("-X", "--request", dest="method")
    parser.add_argument("-H", "--header", action="append", dest="headers", default=[])
    for option in _DATA.split():
        parser.add_argument(option, action=_Data, dest="data", default=[])
    parser.add_argument("--url-query", action=_Data, dest="query", default=[])
    parser.add_argument("-G", "--get", action="store_true", dest="in_query")
    parser.add_argument("-I", "--head", action="store_true", dest="is_head")
    for short, long in (("-u", "--user"), ("-b", "--cookie")):
        parser.add_argument(short, long)
    for option, name in _HEADERS.items():
        parser.add_argument(*option.split(), dest=name)
    for option in _FLAGS.split():
        parser.add_argument(option, action="store_true", dest="of_no_account")
    for option in _SETTINGS.split():
        parser.add_argument(option, dest="of_no_account")
    return parser


def read_curl(command: str) -> Exchange:
    """The request that `command` sends."""
    try:
        words = shlex.split(_ANSI_C.sub(_quoted, _CONTINUED.sub(" ", command)))
    except ValueError:
        raise Misconfigured("a quote of this curl command does not end") from None
    given = _parser().parse_intermixed_args(words[1:])
    urls = [*given.urls, *given.urls_named]
    if len(urls) != 1:
        raise Misconfigured(f"a curl command for one URL, not {len(urls)}")
    authority, target = split_url(urls[0])
    body = None if given.in_query else build_body(given.data)
    if query := [*given.query, *(given.data if given.in_query else ())]:
        target += (b"&" if b"?" in target else b"?") + join(query)
    head = RequestHead(to_bytes(_method(given)), target, authority, _headers(given, body))
    return Exchange(head, body.content if body else b"")


def _method(given: Any) -> str:
    if given.method:
        return str(given.method)
    if given.is_head:
        return "HEAD"
    if given.in_query or not given.data:
        return "GET"
    return "PUT" if given.data[-1].option in {"-T", "--upload-file"} else "POST"


def _headers(given: Any, body: Body | None) -> Headers:
    """The lines of `-H`, then those that curl adds where `-H` neither gives nor takes them away."""
    lines = [_line(text) for text in given.headers]
    added: list[tuple[str, bytes]] = []
    if given.user is not None:
        added.append(("Authorization", b"Basic " + b64encode(to_bytes(given.user))))
    added += [
        (name, _PREFIXES.get(name, b"") + to_bytes(value))
        for name in _HEADERS.values()
        if (value := getattr(given, name)) is not None
    ]
    if given.cookie is not None:
        if "=" not in given.cookie:
            raise Misconfigured("a file of cookies is not read; write NAME=VALUE")
        added.append(("Cookie", to_bytes(given.cookie)))
    if body is not None and body.media_type is not None:
        added.append(("Content-Type", body.media_type))
    if any(part.option == "--json" for part in given.data):
        added.append(("Accept", b"application/json"))
    named = {name.lower() for name, _ in lines}
    mine = [(name.encode(), value) for name, value in added]
    return (
        *((name, value) for name, value in lines if value is not None),
        *(line for line in mine if line[0].lower() not in named),
    )


def _line(text: str) -> tuple[bytes, bytes | None]:
    """A line of `-H`: `Name: value`, `Name;` for an empty one, `Name:` for none at all."""
    name = text.rstrip()
    if name.endswith(";") and ":" not in name:
        return to_bytes(name[:-1]), b""
    found = header_line(text)
    return found if found[1] else (found[0], None)


def _quoted(found: re.Match[str]) -> str:
    """What `$'…'` of bash spells, quoted in a way that every shell reads."""
    return shlex.quote(_ESCAPE.sub(_unescaped, found[1]))


def _unescaped(found: re.Match[str]) -> str:
    hexadecimal, code, octal, letter = found.groups()
    if code:
        return chr(int(code, 16))
    if octal or hexadecimal:
        byte = int(octal, 8) & 0xFF if octal else int(hexadecimal, 16)
        return bytes((byte,)).decode("utf-8", "surrogateescape")  # a part of a character, perhaps
    return _LETTERS.get(letter, letter)
