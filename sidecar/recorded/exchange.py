# SPDX-License-Identifier: Apache-2.0
"""A request that somebody wrote down, and the store's answer to it where there is one."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from sidecar.errors import Misconfigured
from sidecar.message import RequestHead, ResponseHead
from sidecar.rules import read_authority, spell_authority

_PORTS = {"http": 80, "https": 443}


class Answer(NamedTuple):
    """What the store answers."""

    head: ResponseHead
    body: bytes


class Exchange(NamedTuple):
    """One request with its body, and the answer where it is known."""

    head: RequestHead
    body: bytes
    answer: Answer | None = None

    def sent_to(self, authority: str) -> Exchange:
        """The same, as a listener in front of `authority` would have received it."""
        return self._replace(head=replace(self.head, authority=read_authority(authority)))


class LeftOut(StrEnum):
    """What an entry of a HAR file did that tells nothing."""

    NO_STORE = "asked no store"
    NO_BASE64 = "got an answer that is not base64, though the file says so"


def split_url(url: str) -> tuple[str, bytes]:
    """Where a request for `url` goes (`host:port`), and its target; Misconfigured."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port or _PORTS[parts.scheme.lower()]
        host = parts.hostname or ""
    except (ValueError, KeyError):
        host = ""
    if not host:
        raise Misconfigured("a request needs the URL of a store: http://HOST:PORT/…")
    authority = read_authority(spell_authority(host, port))
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return authority, to_bytes(target)


def header_line(line: str) -> tuple[bytes, bytes]:
    """`Name: value` as a field line; Misconfigured."""
    name, colon, value = line.partition(":")
    if not colon or not name.strip() or name != name.strip():
        raise Misconfigured("a header is written `Name: value`")
    return to_bytes(name), to_bytes(value.strip())


def to_bytes(text: str) -> bytes:
    """The bytes that `text` was read from; Misconfigured where there can be none."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise Misconfigured("a text that is not Unicode (half of a surrogate pair)") from None
