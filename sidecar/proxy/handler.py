# SPDX-License-Identifier: Apache-2.0
"""One client's connections, as mitmproxy handles them, but for what law 1 and flow control ask.

Other than its parent, this one stops reading from a client that is far ahead of its upstream, tells
an upstream's reset from its orderly end, resets a connection whose answer was cut, and waits for
the tasks of layers.
"""

import asyncio
import contextlib
import logging
import socket
import struct
import sys
import time
from collections.abc import Coroutine, Iterable
from typing import Any

from mitmproxy.connection import Connection, ConnectionState
from mitmproxy.master import Master
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server import ConnectionIO

from sidecar.proxy.layers.http1 import Http1Layer
from sidecar.proxy.layers.signals import CUT, Awaited, Drain, Pause
from sidecar.proxy.shortcut import Gate, Shortcut

logger = logging.getLogger(__name__)

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # struct linger: on, no time (socket(7), SO_LINGER)


class Handler(ProxyConnectionHandler):
    """Reads, writes and closes on behalf of the layers of one client."""

    def __init__(
        self,
        master: Master,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        mode: ProxyMode,
    ) -> None:
        super().__init__(master, reader, writer, master.options, mode)  # type: ignore[no-untyped-call]
        self.obstacles: set[object] = set()
        self.may_read = Gate(self.obstacles)
        self._flows = Gate(self.obstacles)
        self._sinks: dict[int, asyncio.Transport] = {}  # by the connection's identity
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """Answer our own hook; show every other one to the addons."""
        if isinstance(hook, Awaited):
            await asyncio.wait((hook.task,), timeout=hook.seconds)
        else:
            await super().handle_hook(hook)

    def log(self, message: str, level: int = logging.INFO, exc_info: object = None) -> None:
        """Only what went wrong, and only its first clause: more may hold bytes of a peer."""
        if level >= logging.WARNING:
            kind = sys.exc_info()[0] if exc_info else None
            failure = f" ({kind.__name__})" if kind else ""
            logger.log(level, "%s%s", message.partition(":")[0], failure)

    def expect_handshake_within(self, seconds: float) -> asyncio.TimerHandle:
        """Cut a client that connects for TLS and does not come to an end with it."""
        return asyncio.get_running_loop().call_later(seconds, self._check_handshake)

    def _check_handshake(self) -> None:
        if not self.client.tls_established:
            self.abort()

    def drain(self, *, is_last_call_over: bool) -> None:
        """Let what is in flight finish; one whose handshake is not done has nothing in flight."""
        if not self.client.tls or self.client.tls_established:
            self._carry_out(self.layer.handle_event(Drain(is_last_call_over)))
        elif is_last_call_over:
            self.abort()

    def abort(self) -> None:
        """Reset the client's connection; all else ends with it."""
        self.client.error = CUT
        transport = self.transports.get(self.client)
        if transport is not None and transport.handler is not None:
            transport.handler.cancel("aborted")

    async def open_connection(self, command: commands.OpenConnection) -> None:
        try:
            await super().open_connection(command)
        finally:
            self._sinks.pop(id(command.connection), None)
            self.transports.pop(command.connection, None)

    async def handle_connection(self, connection: Connection) -> None:
        """Read until the peer ends; afterwards keep the other direction until it is closed too."""
        cancelled: asyncio.CancelledError | None = None
        try:
            await self._read(connection)
        except OSError:
            connection.error = "reset"
        except asyncio.CancelledError as error:
            cancelled = error
        if cancelled is None:
            connection.state &= ~ConnectionState.CAN_READ
        else:
            connection.state = ConnectionState.CLOSED
        await self.server_event(events.ConnectionClosed(connection))
        if connection.state is ConnectionState.CAN_WRITE:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError as error:
                cancelled = error
        self._close(connection)
        if cancelled is not None:
            raise cancelled

    async def _read(self, connection: Connection) -> None:
        io: Any = self.transports[connection]
        transport = self._sinks[id(connection)] = io.writer.transport
        shortcut = Shortcut(connection, io.reader, transport, self)
        while data := await shortcut.read():
            if connection is self.client:
                await self.may_read.wait()
            await self._flows.wait()
            self.receive(connection, data)
            await self.drain_writers()  # type: ignore[no-untyped-call]

    async def server_event(self, event: events.Event) -> None:
        """Let the layers say what to do upon `event`, and do it; nothing here waits.

        The parent holds a lock meanwhile, against tasks that start at once. None does here.
        """
        self._carry_out(self.layer.handle_event(event))

    def receive(self, connection: Connection, data: bytes) -> None:
        """See `shortcut.Receiver`."""
        layer = self.layer
        if type(layer) is Http1Layer:
            self._carry_out(layer.receive(connection, data))
        else:
            self._carry_out(layer.handle_event(events.DataReceived(connection, data)))

    def _carry_out(self, told: Iterable[commands.Command]) -> None:
        self.timeout_watchdog.last_activity = time.time()
        try:
            for command in told:
                if isinstance(command, commands.SendData):
                    connection = command.connection
                    sink = self._sinks.get(id(connection)) or self._find_sink(connection)
                    if sink is not None and not sink.is_closing():
                        sink.write(command.data)
                else:
                    self._obey(command)
        except Exception:  # noqa: BLE001 - one client's trouble, of which only the kind is told
            self.log("a client's layers have crashed", logging.ERROR, exc_info=True)

    def _find_sink(self, connection: Connection) -> asyncio.Transport | None:
        io: Any = self.transports.get(connection)
        return None if io is None else io.writer.transport

    def _obey(self, command: commands.Command) -> None:
        match command:
            case commands.OpenConnection():
                task = self._start(self.open_connection(command))
                self.transports[command.connection] = ConnectionIO(handler=task)
            case commands.CloseConnection():
                if command.connection in self.transports:  # else it has been closed already
                    half = isinstance(command, commands.CloseTcpConnection) and command.half_close
                    self.close_connection(command.connection, half)
            case commands.RequestWakeup():
                self.wakeup_timer.add(self._start(self.wakeup(command)))
            case commands.StartHook():
                self._start(self.hook_task(command))
            case Pause(is_paused=True):
                self._flows.clear()
            case Pause():
                self._flows.set()
            case commands.Log():
                self.log(command.message, command.level)
            case _:
                message = f"no handler obeys a {type(command).__name__}"
                raise TypeError(message)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._tasks.discard)
        return task

    def _close(self, connection: Connection) -> None:
        self._sinks.pop(id(connection), None)
        writer = self.transports.pop(connection).writer
        assert isinstance(writer, asyncio.StreamWriter)  # noqa: S101 - we speak TCP alone
        with contextlib.suppress(OSError):
            if connection.error == CUT:
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                writer.transport.abort()
            else:
                writer.close()
