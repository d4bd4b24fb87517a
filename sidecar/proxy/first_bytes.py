# SPDX-License-Identifier: Apache-2.0
"""Whom the first bytes of a client are for, as far as they say so.

TLS says it in its first message (SNI, RFC 6066 §3), HTTP/1 in the Host field of its first request.
"""

import re

from mitmproxy.proxy.layers.tls import parse_client_hello

from sidecar.errors import Malformed

HANDSHAKE = b"\x16"
"""The record that TLS begins with (RFC 8446 §5.1)."""
_MOST_BYTES = 64 * 1024
_METHOD = re.compile(rb"[A-Z]{1,32}(?: [\x20-\x7e]*\r?)?")
_REQUEST = re.compile(rb"[A-Z]{1,32} [\x21-\x7e]+ HTTP/1\.[01]")
HOST_FIELD = re.compile(rb"(?i)\r\nhost:[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)")


def hosts_named(data: bytes) -> tuple[str, ...] | None:
    """The hosts that `data` names, none in another protocol; None while more of it has to come."""
    named = _in_tls(data) if data.startswith(HANDSHAKE) else _in_http(data)
    if named is None and len(data) > _MOST_BYTES:
        raise Malformed("the first message has no end")
    return named


def _in_tls(data: bytes) -> tuple[str, ...] | None:
    try:
        hello = parse_client_hello(data)
    except ValueError:
        return ()  # no TLS
    if hello is None:
        return None
    return (hello.sni,) if hello.sni else ()


def _in_http(data: bytes) -> tuple[str, ...] | None:
    line, is_whole, _ = data.partition(b"\r\n")
    if not is_whole:
        return None if _METHOD.fullmatch(line) else ()
    if not _REQUEST.fullmatch(line):
        return ()
    head, is_whole, _ = data.partition(b"\r\n\r\n")
    if not is_whole:
        return None
    return tuple(value.decode("latin-1") for value in HOST_FIELD.findall(head + b"\r\n"))
