# SPDX-License-Identifier: Apache-2.0
"""Exchanges as people have them at hand: raw HTTP, a curl command, a HAR file.

Raises Misconfigured, which tells what is wrong with the text and none of it.
"""

from __future__ import annotations

from sidecar.rehearsal.exchange import Exchange
from sidecar.rehearsal.readers.curl import read_curl
from sidecar.rehearsal.readers.har import read_har
from sidecar.rehearsal.readers.raw import read_raw

__all__ = ["read_curl", "read_exchanges", "read_har", "read_raw"]


def read_exchanges(data: bytes) -> list[Exchange]:
    """The exchanges that `data` spells, in whichever of the three forms."""
    start = data.lstrip()
    if start.startswith(b"curl"):
        return [read_curl(data.decode("utf-8", "surrogateescape"))]
    return read_har(data) if start.startswith(b"{") else [read_raw(data)]
