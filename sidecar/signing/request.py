# SPDX-License-Identifier: Apache-2.0
"""The request that is signed, as one value, and its two encodings.

On the wire a space may be `+` or `%20` and anything may be percent-encoded; in a string to sign
there is one spelling (RFC 3986 over UTF-8, only unreserved characters bare). So a request is
decoded once and encoded anew: what was verified is what `parameters` says, and nothing else.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, unquote_to_bytes

from sidecar.signing.failures import BadEncoding, IncompleteSignature

Pairs = tuple[tuple[str, str], ...]
Headers = tuple[tuple[bytes, bytes], ...]

FORM_TYPE = b"application/x-www-form-urlencoded"

_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def percent_encode(text: str) -> str:
    """RFC 3986 section 2.1; bare are only the unreserved characters of section 2.3."""
    return quote(text, safe="")


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key; the secret and a session's token stay out of `repr`."""

    id: str
    secret: str
    token: str | None = None

    def __repr__(self) -> str:
        return f"AccessKey({self.id})"


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """Method, path, decoded query, headers as received, body. Not printed: it holds plaintext."""

    method: str
    path: str = "/"
    query: Pairs = ()
    headers: Headers = ()
    body: bytes = b""

    @classmethod
    def from_wire(cls, method: str, target: bytes, headers: Headers, body: bytes) -> Self:
        """Decode an origin-form target; raise BadEncoding where it has no one reading."""
        path, _, query = target.partition(b"?")
        if not target.isascii() or b"#" in target:
            raise BadEncoding("The request target is not an encoded path and query.")
        return cls(method, path.decode("ascii"), _decode(query), headers, body)

    @property
    def target(self) -> str:
        """The origin-form target that says `path` and `query`."""
        return f"{self.path}?{canonical_query(self.query)}" if self.query else self.path

    @property
    def parameters(self) -> dict[str, str]:
        """Query and form body in one; raise BadEncoding where a name stands twice."""
        pairs = self.query + self._form()
        found = dict(pairs)
        if len(found) != len(pairs):
            raise BadEncoding("A parameter stands twice in the request.")
        return found

    def find_header(self, name: bytes) -> bytes | None:
        """The value of the header `name` (lower case); two such lines have no one reading."""
        values = [value for key, value in self.headers if key.lower() == name]
        if len(values) > 1:
            raise IncompleteSignature(f"header {name.decode('latin-1')} stands twice")
        return values[0].strip() if values else None

    def with_query(self, *pairs: tuple[str, str]) -> Self:
        return replace(self, query=self.query + pairs)

    def with_headers(self, *lines: tuple[bytes, bytes]) -> Self:
        return replace(self, headers=self.headers + lines)

    def _form(self) -> Pairs:
        kind = self.find_header(b"content-type") or b""
        if kind.partition(b";")[0].strip().lower() != FORM_TYPE:
            return ()
        return _decode(self.body)


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """`name=value` joined by `&`, both encoded, in the byte order of the names.

    One vendor SDK leaves the names bare when it signs. No name of the API needs encoding, and a
    bare name that does would let `A=1&B` pass for two parameters: encoded, it does not verify.
    """
    return "&".join(
        f"{percent_encode(name)}={percent_encode(value)}" for name, value in sorted(pairs)
    )


def _decode(text: bytes) -> Pairs:
    """`application/x-www-form-urlencoded` into pairs, in order."""
    if not text:
        return ()
    if _BAD_PERCENT.search(text):
        raise BadEncoding("A parameter is not percent-encoded.")
    try:
        return tuple(
            (unquote_to_bytes(name).decode("utf-8"), unquote_to_bytes(value).decode("utf-8"))
            for name, _, value in (
                part.partition(b"=") for part in text.replace(b"+", b"%20").split(b"&")
            )
        )
    except UnicodeDecodeError as error:
        raise BadEncoding("A parameter is not UTF-8.") from error
