# SPDX-License-Identifier: Apache-2.0
"""Destinations as clients name them: one spelling for all that lead to the same place.

Rules are looked up by this spelling, so that no client leaves them by writing a host in another
way: in capitals, with the root's dot at its end, or as an address in a form that only the resolver
reads (`0x7f000001`, `127.1`). Names that resolve alike are another matter (`forwarding`).
"""

import ipaddress
import re
import socket

from sidecar.errors import Malformed

_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_LAST_PORT = 65535


def read_destination(text: str, port: int | None) -> tuple[str, int]:
    """Host and port of `HOST` or `HOST:PORT`; Malformed, also where none and no `port` is given."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise Malformed("the destination is not a host and a port")
    number = int(match[2]) if match[2] else port
    if number is None or not 0 < number <= _LAST_PORT:
        raise Malformed("the destination has no port")
    host = match[1]
    if host.startswith("["):
        try:
            host = str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise Malformed("the destination is not an address") from None
    return canonical_host(host), number


def canonical_host(host: str) -> str:
    """The one spelling of `host`, a DNS name or an address without brackets."""
    name = host.lower().removesuffix(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        try:
            return socket.inet_ntoa(socket.inet_aton(name))  # as getaddrinfo(3) will read it
        except OSError:
            return name
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def is_address(host: str) -> bool:
    """Whether `host`, in its one spelling, is an address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
