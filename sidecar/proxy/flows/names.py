# SPDX-License-Identifier: Apache-2.0
"""Which destination a flow is for, of all that a client calls it.

A reverse proxy's destination is configured, so nothing that the client says counts. In every other
mode the client says it, up to three times: where it connected or asked to be connected to, in TLS
(SNI) and in the Host field. If one of them is protected, all have to be the same: else the store
might go by the one and the rules by another. Where the client connected to an address that it had
resolved itself, as a transparent proxy sees it, the names alone have to agree.
"""

import asyncio
from collections.abc import Callable, Iterator

from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.mode_specs import RegularMode, ReverseMode, UpstreamMode

from sidecar.errors import Malformed
from sidecar.proxy.naming import canonical_host, is_address, read_destination
from sidecar.rules import spell_authority


def destination(flow: HTTPFlow, protects: Callable[[str], bool]) -> str:
    """The one `host:port` that `flow` is for; Malformed where a client calls it by several."""
    reached = spell_authority(canonical_host(flow.request.host), flow.request.port)
    if isinstance(flow.client_conn.proxy_mode, ReverseMode):
        return reached
    names = [spell_authority(*each) for each in _named(flow)]
    protected = [each for each in (reached, *names) if protects(each)]
    if not protected:
        return reached
    is_resolved = is_address(canonical_host(flow.request.host))
    if is_resolved and not _says_where(flow.client_conn) and not protects(reached):
        reached = protected[0]
    if any(each != reached for each in names):
        raise Malformed("the request names more than one destination, and one is protected")
    return reached


async def leads_astray(address: tuple[str, int], protects: Callable[[str], bool]) -> bool:
    """Whether `address` is a protected destination's, by a name of which rules know nothing."""
    host, port = canonical_host(address[0]), address[1]
    if protects(spell_authority(host, port)):
        return False
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port)
    except (OSError, UnicodeError):
        return False  # it leads nowhere
    return any(
        protects(spell_authority(canonical_host(str(where[0])), port)) for *_, where in found
    )


def _named(flow: HTTPFlow) -> Iterator[tuple[str, int]]:
    request = flow.request
    # A field without a port means the scheme's own (RFC 9110 §4.2); SNI never has one.
    default = 443 if request.scheme == "https" else 80
    for value in (*request.headers.get_all("host"), request.authority):
        if value:
            yield read_destination(value, default)
    if flow.client_conn.sni:
        yield read_destination(flow.client_conn.sni, request.port)


def _says_where(client: Client) -> bool:
    return isinstance(client.proxy_mode, RegularMode | UpstreamMode)
