# SPDX-License-Identifier: Apache-2.0
"""Fields by which a request asks a store to take it for another one, or tells of another.

Some frameworks obey `X-HTTP-Method-Override` or a `_method` in the query, some a path that a proxy
before them is said to have rewritten. Which of the two readings a store goes by cannot be known, so
both have to fall under the same rule. Others are obeyed by nobody, but tell a target all the same:
the page that a browser has open, or what was asked of a proxy before this one. Behind CGI `_` and
`-` are one in the names of fields.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from sidecar.message import RequestHead, header_values

_METHODS = frozenset({b"x-http-method-override", b"x-http-method", b"x-method-override"})
_TARGETS = frozenset({b"x-original-url", b"x-rewrite-url"})
_TELLING = _TARGETS | {
    b"referer",
    b"destination",
    b"x-original-uri",
    b"x-forwarded-uri",
    b"x-envoy-original-path",
}
_ALL = _METHODS | _TELLING
_METHOD_IN_QUERY = re.compile(rb"[?&;]_method=([^&;]*)")
_ORIGIN = re.compile(rb"(?:[a-z][a-z0-9+.-]*:)?//([^/?#]*)", re.IGNORECASE)

_NO_PAGE = b"about:blank"
"""RFC 9110 section 10.1.3."""


def other_readings(head: RequestHead) -> list[tuple[str, bytes]]:
    """Method and target of all that `head` may be taken for.

    Nothing, as is usual, where that is itself alone and no field tells a target either.
    """
    target = head.target
    query = unquote_to_bytes(target) if b"%" in target else target
    names = _names(head)
    if b"_method=" not in query and _ALL.isdisjoint(names):
        return []
    methods, targets = [head.method, *_METHOD_IN_QUERY.findall(query)], [target]
    for name, (_, value) in zip(names, head.headers, strict=True):
        if name in _METHODS:
            methods.append(value)
        elif name in _TARGETS:
            targets.append(_ORIGIN.sub(b"", value, 1))
    words = [method.decode("latin-1").strip().upper() for method in methods]
    return list(product(words, targets))


class Told(NamedTuple):
    """A target that a field tells.

    `is_own` says that it is one of this store. One under another host's name may be as well: a
    proxy in between has perhaps changed `Host`.
    """

    target: bytes
    is_own: bool


def told_targets(head: RequestHead) -> Iterator[Told]:
    """Every target that a field of `head` tells besides the request line."""
    own = {b"", head.authority.encode(), *header_values(head.headers, b"host")}
    for name, (_, value) in zip(_names(head), head.headers, strict=True):
        if name in _TELLING:
            origin = _ORIGIN.match(value)
            target = (value[origin.end() :] if origin else value).partition(b"#")[0]
            if target and value != _NO_PAGE:
                yield Told(target, origin is None or origin[1].lower() in own)


def _names(head: RequestHead) -> list[bytes]:
    return [name.lower().replace(b"_", b"-") for name, _ in head.headers]
