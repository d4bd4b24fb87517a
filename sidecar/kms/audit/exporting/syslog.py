# SPDX-License-Identifier: Apache-2.0
"""Records to a syslog server: RFC 5424 messages over TCP, TLS (RFC 5425) or a Unix socket.

Facility 13 (log audit); severity 4 (warning) for what was refused, else 5 (notice). Over streams
each message has its length before it (RFC 6587, section 3.4.1). Syslog acknowledges nothing: what
was under way when a connection broke is sent again, but what a server took and lost is gone, and
shows as a gap when the lines are verified.
"""

import json
import os
import socket
import ssl
from collections.abc import Sequence

from sidecar.kms.audit.exporting.lines import line
from sidecar.kms.audit.exporting.sink import DeliveryFailed, trusting
from sidecar.kms.audit.settings import SyslogExport
from sidecar.kms.audit.verification import Claim

SECONDS = 10.0
APP_NAME = "envelope-sidecar-kms"
_FACILITY = 13 * 8
_WARNING, _NOTICE = 4, 5


class Syslog:
    """One server, and the connection to it while it stands."""

    def __init__(self, settings: SyslogExport) -> None:
        self._settings = settings
        self._context = trusting(settings.ca) if settings.is_tls else None
        self._socket: socket.socket | None = None

    def deliver(self, batch: Sequence[Claim]) -> None:
        messages = [message(claim) for claim in batch]
        try:
            connection = self._connected()
            if self._settings.path:
                for one in messages:
                    connection.sendall(one)
            else:
                connection.sendall(b"".join(b"%d %b" % (len(one), one) for one in messages))
        except OSError as error:
            self.close()
            raise DeliveryFailed(f"syslog: {error.strerror or type(error).__name__}") from error

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is not None and self._has_hung_up(self._socket):
            self.close()
        if self._socket is None:
            self._socket = self._connect()
        return self._socket

    def _has_hung_up(self, connection: socket.socket) -> bool:
        """Whether the server has ended the connection: a first write would not tell."""
        if self._settings.path:
            return False
        connection.setblocking(False)  # noqa: FBT003 - the socket's own way to ask
        try:
            return not connection.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            connection.settimeout(SECONDS)

    def _connect(self) -> socket.socket:
        settings = self._settings
        if settings.path:
            return _datagram_socket(settings.path)
        connection = socket.create_connection((settings.host, settings.port), SECONDS)
        if self._context is None:
            return connection
        return self._context.wrap_socket(connection, server_hostname=settings.host)


def _datagram_socket(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    connection.settimeout(SECONDS)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def message(claim: Claim) -> bytes:
    """RFC 5424, section 6; the text is ASCII."""
    told = json.loads(claim.link.record)
    priority = _FACILITY + (_WARNING if "errorCode" in told else _NOTICE)
    head = (
        f"<{priority}>1 {told['eventTime']} {socket.gethostname()[:255]} {APP_NAME} "
        f"{os.getpid()} {told['eventName'][:32]} -"
    )
    return f"{head} {line(claim)}".encode("ascii")
