# SPDX-License-Identifier: Apache-2.0
"""HTTP message heads as values: what the host reads, the transform decides on and the host sends.

Bytes stay as they came. Nothing here parses the wire (`proxy/layers`) or knows rules. A head prints
neither its target nor its headers: both may carry values.
"""

import msgspec

Headers = tuple[tuple[bytes, bytes], ...]
"""Field lines in the order and spelling of the sender; values without surrounding white space."""

REMEMBERED = 128
"""Of so many heads is kept what follows from them alone: applications send the same head again and
again. Heads of 64 KiB each, the usual limit, make that some 30 to 40 MB of a process in all, for
once; usual ones less than 1 MB."""


def find_header(headers: Headers, name: bytes) -> bytes | None:
    """The first value of `name` (given in lower case), or None."""
    for key, value in headers:
        if key.lower() == name:
            return value
    return None


def header_values(headers: Headers, name: bytes) -> list[bytes]:
    """Every value of `name` (given in lower case), in order."""
    return [value for key, value in headers if key.lower() == name]


def without_headers(headers: Headers, names: frozenset[bytes]) -> Headers:
    """`headers` less every line whose lower-case name is in `names`."""
    return tuple([line for line in headers if line[0].lower() not in names])


class RequestHead(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """The head of one request.

    `authority` is the destination that the listener is configured to reach (`host:port`, lower
    case), never the client's Host header: a client cannot leave the rules by naming another host.
    `target` is the origin-form request target as received. `certificate` holds the names in the
    client's certificate, as far as the listener has verified one: `uri:…`, `dns:…`, `cn:…`.
    """

    method: bytes
    target: bytes
    authority: str
    headers: Headers
    certificate: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<RequestHead to {self.authority}, {len(self.headers)} headers>"


class ResponseHead(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """The head of one response."""

    status: int
    reason: bytes
    headers: Headers

    def __repr__(self) -> str:
        return f"<ResponseHead {self.status}, {len(self.headers)} headers>"


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A complete local answer, in the dialect of the store; nothing goes upstream."""

    status: int
    headers: Headers
    body: bytes
    code: str
