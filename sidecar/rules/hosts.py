# SPDX-License-Identifier: Apache-2.0
"""The `host:port` of a store, in its one spelling: lower case, port always there, IPv6 in brackets.

Listeners, clients and rules must spell a destination alike, so all of it is read and written here.
"""

from __future__ import annotations

import ipaddress
import re

from sidecar.errors import Misconfigured

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_MAX_NAME = 253
_MAX_PORT = 65535


def read_authority(text: str) -> str:
    """The one spelling of the destination `text`; Misconfigured where it is none."""
    host, colon, port = text.lower().rpartition(":")
    if "/" in text or "@" in text:
        raise Misconfigured(f"{text!r}: write host:port alone, without a scheme, user or path")
    if not colon or host.startswith("[") != host.endswith("]"):
        raise Misconfigured(f"{text!r} has no port; write host:port")
    if not _PORT.fullmatch(port) or int(port) > _MAX_PORT:
        raise Misconfigured(f"{text!r}: the port is a number from 1 to {_MAX_PORT}")
    return f"{_read_host(host, text)}:{port}"


def spell_authority(host: str, port: int) -> str:
    """`host:port` as rules write it, of a host in its one spelling without brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _read_host(host: str, text: str) -> str:
    try:
        if host.startswith("["):
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        if host.rpartition(".")[2].isdigit():
            return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise Misconfigured(f"{text!r} is not an IP address") from None
    if len(host) > _MAX_NAME or not _NAME.fullmatch(host):
        raise Misconfigured(
            f"{text!r} is not a host name: labels of ASCII letters, digits and hyphens (IPv6 in "
            "brackets), without a dot at the end"
        )
    return host
