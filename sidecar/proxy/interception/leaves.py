# SPDX-License-Identifier: Apache-2.0
"""What clients of an intercepted host are shown: a leaf each, kept and made anew in time."""

import datetime as dt
from typing import NamedTuple, Protocol

from cachetools import LRUCache
from OpenSSL import SSL

from sidecar.proxy.interception.certificates import Ca, make_leaf
from sidecar.proxy.tls_context import server_context

MAX_HOSTS = 1024


class CaSource(Protocol):
    """Where the CA is had from."""

    def for_host(self, host: str, now: dt.datetime) -> Ca:
        """The CA to sign for `host` with; Misconfigured where there is none that may."""


class _Shown(NamedTuple):
    ca: Ca
    renewal: dt.datetime
    context: SSL.Context


class Leaves:
    """One TLS context a host, under the CA of `source`."""

    def __init__(self, source: CaSource) -> None:
        self._source = source
        self._shown: LRUCache[str, _Shown] = LRUCache(MAX_HOSTS)

    def context(self, host: str) -> SSL.Context:
        """What to show to a client that asked for `host`; Misconfigured where that may not be."""
        now = dt.datetime.now(dt.UTC)
        ca = self._source.for_host(host, now)
        shown = self._shown.get(host)
        if shown is None or shown.ca is not ca or now >= shown.renewal:
            shown = self._shown[host] = _show(ca, host, now)
        return shown.context


def _show(ca: Ca, host: str, now: dt.datetime) -> _Shown:
    leaf, key = make_leaf(ca, host, now)
    signer = () if ca.certificate.issuer == ca.certificate.subject else (ca.certificate,)
    context = server_context(leaf, (*signer, *ca.above), key)
    return _Shown(ca, now + (leaf.not_valid_after_utc - now) / 2, context)
