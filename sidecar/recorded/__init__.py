# SPDX-License-Identifier: Apache-2.0
"""Requests, and answers to them, as people have them at hand: raw HTTP, a curl command, a HAR file.

Raises Misconfigured, which tells what is wrong with the text and none of it.
"""

from __future__ import annotations

from sidecar.recorded.curl import read_curl
from sidecar.recorded.exchange import Answer, Exchange, LeftOut, split_url
from sidecar.recorded.har import read_har
from sidecar.recorded.raw import read_raw

__all__ = [
    "Answer",
    "Exchange",
    "LeftOut",
    "read_curl",
    "read_exchanges",
    "read_har",
    "read_raw",
    "split_url",
]


def read_exchanges(data: bytes) -> list[Exchange | LeftOut]:
    """The exchanges that `data` spells, in whichever of the three forms."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"curl"):
        return [read_curl(data.decode("utf-8", "surrogateescape"))]
    return read_har(data) if start.startswith(b"{") else [read_raw(start)]
