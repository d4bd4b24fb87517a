# SPDX-License-Identifier: Apache-2.0
"""The server end of a connection, as mitmproxy knows it, and the upstream that it stands for."""

from mitmproxy.connection import Server

from sidecar.proxy.settings import Upstream


class Destination(Server):
    """A server of ours: its certificate is verified as `upstream` says."""

    upstream: Upstream

    @classmethod
    def of(cls, upstream: Upstream) -> "Destination":
        """The server end of a new connection to `upstream`."""
        made = cls(address=(upstream.host, upstream.port))
        made.upstream = upstream
        return made
