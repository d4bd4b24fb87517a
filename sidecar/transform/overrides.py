# SPDX-License-Identifier: Apache-2.0
"""Fields by which a request asks a store to take it for another one.

Some frameworks obey `X-HTTP-Method-Override` or a `_method` in the query, some a path that a proxy
before them is said to have rewritten. Which of the two readings a store goes by cannot be known, so
both have to fall under the same rule. Behind CGI `_` and `-` are one in the names of fields.
"""

import re
from itertools import product
from urllib.parse import unquote_to_bytes

from sidecar.message import RequestHead

_METHODS = frozenset({b"x-http-method-override", b"x-http-method", b"x-method-override"})
_TARGETS = frozenset({b"x-original-url", b"x-rewrite-url"})
_ALL = _METHODS | _TARGETS
_METHOD_IN_QUERY = re.compile(rb"[?&;]_method=([^&;]*)")
_ORIGIN = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)


def other_readings(head: RequestHead) -> list[tuple[str, bytes]]:
    """Method and target of all that `head` may be taken for; nothing where that is itself alone."""
    target = head.target
    query = unquote_to_bytes(target) if b"%" in target else target
    names = [name.lower().replace(b"_", b"-") for name, _ in head.headers]
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
