# SPDX-License-Identifier: Apache-2.0
"""A curl command line, as people type it and as browsers copy it (curl(1), 8.x).

Only options that say what is sent, and those that say nothing about it, are known; another one is
an error, because the request would be another than curl's. No file is read: `-d @file` is an error.
"""

from __future__ import annotations

import argparse
import re
import shlex
from base64 import b64encode
from typing import Any, NoReturn
from urllib.parse import quote_plus

from sidecar.errors import Misconfigured
from sidecar.message import Headers, RequestHead
from sidecar.recorded.exchange import Exchange, header_line, split_url, to_bytes

FORM = b"application/x-www-form-urlencoded"
_JSON = ((b"Content-Type", b"application/json"), (b"Accept", b"application/json"))
_ANSI_C = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_CONTINUED = re.compile(r"\\\r?\n")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f"}


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:  # noqa: ARG002 - it may quote a value
        raise Misconfigured(
            "this curl command has an option that a rehearsal does not know; leave it away, or "
            "give the request as raw HTTP"
        )


class _Data(argparse.Action):
    """Keeps the parts of the body in their order, with the option that brought each."""

    def __call__(
        self, _parser: object, namespace: argparse.Namespace, values: object, option: object = None
    ) -> None:
        namespace.data = [*namespace.data, (str(option), str(values))]


def _parser() -> _Arguments:
    parser = _Arguments(prog="curl", add_help=False, allow_abbrev=False)
    parser.add_argument("urls", nargs="*")
    parser.add_argument("--url", action="append", dest="urls_named", default=[])
    parser.add_argument("-X", "--request", dest="method")
    parser.add_argument("-H", "--header", action="append", dest="headers", default=[])
    for option in ("-d", "--data", "--data-ascii", "--data-raw", "--data-binary", "--json"):
        parser.add_argument(option, action=_Data, dest="data", default=[])
    parser.add_argument("--data-urlencode", action=_Data, dest="data")
    parser.add_argument("-G", "--get", action="store_true", dest="in_query")
    parser.add_argument("-I", "--head", action="store_true", dest="is_head")
    for option in ("-u", "-A", "-e", "-b"):
        long = {"-u": "--user", "-A": "--user-agent", "-e": "--referer", "-b": "--cookie"}[option]
        parser.add_argument(option, long, dest=long[2:].replace("-", "_"))
    # What these say is about the connection or about curl's own output.
    for short, long in (("-k", "--insecure"), ("-s", "--silent"), ("-S", "--show-error")):
        parser.add_argument(short, long, action="store_true")
    for short, long in (("-v", "--verbose"), ("-i", "--include"), ("-L", "--location")):
        parser.add_argument(short, long, action="store_true")
    for long in ("--compressed", "--http1.1", "--http2", "--fail", "--no-progress-meter"):
        parser.add_argument(long, action="store_true")
    for short, long in (("-o", "--output"), ("-m", "--max-time"), ("-w", "--write-out")):
        parser.add_argument(short, long)
    for long in ("--cacert", "--cert", "--key", "--connect-timeout", "--resolve"):
        parser.add_argument(long)
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
    body = _body(given.data)
    if given.in_query and given.data:
        target += (b"&" if b"?" in target else b"?") + body
        body = b""
    headers = _headers(given, has_body=bool(given.data) and not given.in_query)
    usual = "HEAD" if given.is_head else "POST" if given.data and not given.in_query else "GET"
    head = RequestHead(to_bytes(given.method or usual), target, authority, headers)
    return Exchange(head, body)


def _headers(given: Any, *, has_body: bool) -> Headers:
    headers = [header_line(line) for line in given.headers]
    if given.user is not None:
        headers.append((b"Authorization", b"Basic " + b64encode(to_bytes(given.user))))
    for name, value in (("User-Agent", given.user_agent), ("Referer", given.referer)):
        headers += [(name.encode(), to_bytes(value))] if value is not None else []
    if given.cookie is not None:
        if "=" not in given.cookie:
            raise Misconfigured("a file of cookies is not read; write NAME=VALUE")
        headers.append((b"Cookie", to_bytes(given.cookie)))
    is_json = any(option == "--json" for option, _ in given.data)
    usual: Headers = _JSON if is_json else ((b"Content-Type", FORM),) if has_body else ()
    given_names = {line[0].lower() for line in headers}
    return (*headers, *(line for line in usual if line[0].lower() not in given_names))


def _body(data: list[tuple[str, str]]) -> bytes:
    parts = [(option, _part(option, text)) for option, text in data]
    joined = b""
    for number, (option, part) in enumerate(parts):
        joined += (b"&" if number and option != "--json" else b"") + part
    return joined


def _part(option: str, text: str) -> bytes:
    if text.startswith("@") and option != "--data-raw":
        raise Misconfigured("a file of data is not read; write it out, or give raw HTTP")
    if option == "--data-urlencode":
        name, equals, value = text.rpartition("=")
        quoted = quote_plus(to_bytes(value))
        return to_bytes(f"{name}{equals if name else ''}{quoted}")
    return to_bytes(text)


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
