# SPDX-License-Identifier: Apache-2.0
"""The tenant of a request, as the header that a rule names tells it."""

from sidecar.message import RequestHead, header_values


def find_tenant(wanted: bytes, head: RequestHead) -> str:
    """The tenant that the header `wanted` names; empty where it is missing, doubled or no text.

    Two lines of one field may be joined by a comma on the way (RFC 9110 §5.3), so one is no name.
    Behind CGI a field with `_` in its name is the one with `-`.
    """
    values = header_values(head.headers, wanted)
    for name, value in head.headers:
        is_alike = len(name) == len(wanted) and name.lower() != wanted
        if is_alike and _in_cgi(name) == _in_cgi(wanted):
            values.append(value)
    try:
        return values[0].decode() if len(values) == 1 and b"," not in values[0] else ""
    except UnicodeDecodeError:
        return ""


def _in_cgi(name: bytes) -> bytes:
    return name.lower().replace(b"-", b"_")
