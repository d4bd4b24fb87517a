# SPDX-License-Identifier: Apache-2.0
"""A tunnel to a destination through another proxy, by CONNECT (RFC 9110 §9.3.6)."""

from mitmproxy import connection
from mitmproxy.proxy import commands, context, layer
from mitmproxy.proxy.tunnel import TunnelLayer

from sidecar.errors import Malformed
from sidecar.proxy.layers.http1.grammar import read_response
from sidecar.proxy.settings import Via
from sidecar.rules import spell_authority

_HEAD_END = b"\r\n\r\n"
_SUCCESSFUL = range(200, 300)


class ConnectTunnel(TunnelLayer):
    """Asks `proxy` for a way to the server of `inner`; what is below talks to that one."""

    def __init__(
        self, inner: context.Context, proxy: connection.Server, via: Via, head_bytes: int
    ) -> None:
        super().__init__(inner, tunnel_connection=proxy, conn=inner.server)
        self._via = via
        self._head_bytes = head_bytes
        self._received = b""

    def start_handshake(self) -> layer.CommandGenerator[None]:
        assert self.conn.address is not None  # type: ignore[attr-defined]  # noqa: S101 - a server
        authority = spell_authority(*self.conn.address[:2]).encode()  # type: ignore[attr-defined]
        lines = [b"CONNECT %b HTTP/1.1" % authority, b"Host: " + authority]
        if self._via.authorization:
            lines.append(b"Proxy-Authorization: " + self._via.authorization)
        yield commands.SendData(self.tunnel_connection, b"\r\n".join((*lines, b"", b"")))

    def receive_handshake_data(
        self, data: bytes
    ) -> layer.CommandGenerator[tuple[bool, str | None]]:
        self._received += data
        head, end, rest = self._received.partition(_HEAD_END)
        if not end:
            is_endless = len(self._received) >= self._head_bytes
            return False, "the proxy on the way answers without an end" if is_endless else None
        try:
            # To CONNECT there is no content, whatever the head says: as if HEAD had been asked.
            status = read_response(head + end, b"HEAD").head.status
        except Malformed:
            return False, "the proxy on the way does not answer in HTTP/1"
        if status not in _SUCCESSFUL:
            return False, f"the proxy on the way refused with {status}"
        if rest:
            yield from self.receive_data(rest)
        return True, None
