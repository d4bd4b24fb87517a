# SPDX-License-Identifier: Apache-2.0
"""Fields by which a request asks a store to take it for another one.

Some frameworks obey `X-HTTP-Method-Override` or a `_method` in the query, some a path that a proxy
before them is said to have rewritten. Which of the two readings a store goes by cannot be known, so
both have to fall under the same rule.
"""

import re
from itertools import product

from sidecar.message import RequestHead

_METHODS = frozenset({b"x-http-method-override", b"x-http-method", b"x-method-override"})
_TARGETS = frozenset({b"x-original-url", b"x-rewrite-url"})
_ALL = _METHODS | _TARGETS
_METHOD_IN_QUERY = re.compile(rb"[?&]_method=([^&]*)")
_ORIGIN = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)


def other_readings(head: RequestHead) -> list[tuple[str, bytes]]:
    """Method and target of all that `head` may be taken for; nothing where that is itself alone."""
    if b"_method=" not in head.target and _ALL.isdisjoint(
        [name.lower() for name, _ in head.headers]
    ):
        return []
    methods, targets = [head.method, *_METHOD_IN_QUERY.findall(head.target)], [head.target]
    for name, value in head.headers:
        if name.lower() in _METHODS:
            methods.append(value)
        elif name.lower() in _TARGETS:
            targets.append(_ORIGIN.sub(b"", value, 1))
    words = [method.decode("latin-1").strip().upper() for method in methods]
    return list(product(words, targets))
