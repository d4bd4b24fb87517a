# SPDX-License-Identifier: Apache-2.0
"""What a curl command sends as its body: data, files of data, and forms in parts (curl(1), 8.x).

Files are read where the command is read, as curl reads them where it is run.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from sidecar.errors import Misconfigured
from sidecar.recorded.exchange import to_bytes

MOST = 64 * 1024 * 1024
"""Bytes of one file."""
BOUNDARY = "------------------------rehearsed"
_FORM = b"application/x-www-form-urlencoded"
_JSON = b"application/json"
_NOT_IN_TEXT = re.compile(rb"[\r\n\0]")
_PART = re.compile(
    r"""(?P<name>[^=]*)=(?P<mark>[@<]?)(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^;]*))"""
    r"(?P<more>(?:;\s*(?:type|filename)=[^;]*)*)",
    re.DOTALL,
)
_TYPES = {
    ".gif": "image/gif", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png",
    ".svg": "image/svg+xml", ".txt": "text/plain", ".htm": "text/html", ".html": "text/html",
    ".pdf": "application/pdf", ".xml": "application/xml",
}  # fmt: skip
"""What curl takes a file for."""
_BYTES = "application/octet-stream"
_KINDS = {
    "-F": "form", "--form": "form", "--form-string": "form", "-T": "upload",
    "--upload-file": "upload",
}  # fmt: skip
"""What the options bring that do not bring data."""


class Part(NamedTuple):
    """The option that brought a part of the body, and its argument."""

    option: str
    text: str


class Body(NamedTuple):
    """A body, and the Content-Type that curl gives it; None where it gives none."""

    content: bytes
    media_type: bytes | None


def build_body(parts: list[Part]) -> Body | None:
    """The body that curl makes of its options; None where it sends none."""
    if not parts:
        return None
    kinds = {_KINDS.get(part.option, "data") for part in parts}
    if len(kinds) > 1:
        raise Misconfigured("data, a form and an upload in one curl command")
    if kinds == {"upload"}:
        return Body(_read(parts[-1].text), None)
    if kinds == {"form"}:
        return _multipart(parts)
    is_json = any(part.option == "--json" for part in parts)
    return Body(join(parts), _JSON if is_json else _FORM)


def join(parts: list[Part]) -> bytes:
    """Data in the order of its options."""
    joined = b""
    for number, part in enumerate(parts):
        joined += (b"&" if number and part.option != "--json" else b"") + _data(part)
    return joined


def _data(part: Part) -> bytes:
    option, text = part
    if option in {"--data-urlencode", "--url-query"}:
        return _urlencoded(text)
    if option == "--data-raw" or not text.startswith("@"):
        return to_bytes(text)
    content = _read(text[1:])
    is_text = option not in {"--data-binary", "--json"}
    return _NOT_IN_TEXT.sub(b"", content) if is_text else content


def _urlencoded(text: str) -> bytes:
    name, mark, rest = re.fullmatch("([^=@]*)([=@]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]  # matches every text
    if mark == "@" and "=" in text:  # the first `=` counts before any `@`
        name, mark, rest = text.partition("=")
    value = _read(rest) if mark == "@" else to_bytes(rest if mark else name)
    label = f"{name}=" if mark and name else ""
    return to_bytes(label) + quote_plus(value).encode()


def _multipart(parts: list[Part]) -> Body:
    lines = b"".join(f"--{BOUNDARY}\r\n".encode() + _form_part(part) for part in parts)
    media_type = f"multipart/form-data; boundary={BOUNDARY}"
    return Body(lines + f"--{BOUNDARY}--\r\n".encode(), media_type.encode())


def _form_part(part: Part) -> bytes:
    if part.option == "--form-string":
        name, equals, value = part.text.partition("=")
        if not equals:
            raise _not_a_part()
        return _spelled(name, {}, to_bytes(value))
    found = _PART.fullmatch(part.text)
    if found is None:
        raise _not_a_part()
    text = found["plain"] if found["quoted"] is None else re.sub(r"\\(.)", r"\1", found["quoted"])
    more = dict(each.strip().split("=", 1) for each in found["more"].split(";") if each)
    if found["mark"] == "@":
        more = {"filename": Path(text).name, "type": _TYPES.get(Path(text).suffix, _BYTES), **more}
    return _spelled(found["name"], more, _read(text) if found["mark"] else to_bytes(text))


def _spelled(name: str, more: dict[str, str], content: bytes) -> bytes:
    head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if "filename" in more:
        head += f'; filename="{_quoted(more["filename"])}"'
    if "type" in more:
        head += f"\r\nContent-Type: {more['type']}"
    return to_bytes(head) + b"\r\n\r\n" + content + b"\r\n"


def _quoted(name: str) -> str:
    return re.sub(r'["\r\n]', lambda found: quote(found[0]), name)


def _read(name: str) -> bytes:
    if name in {"-", "."}:
        raise Misconfigured("this curl command takes data from its standard input; name a file")
    try:
        with Path(name).open("rb") as file:
            content = file.read(MOST + 1)
    except OSError as error:
        raise Misconfigured(f"{name}: cannot be read: {error.strerror}") from None
    if len(content) > MOST:
        raise Misconfigured(f"{name}: has more than {MOST} bytes")
    return content


def _not_a_part() -> Misconfigured:
    return Misconfigured("a part of a form is NAME=VALUE or NAME=@FILE, with ;type= and ;filename=")
