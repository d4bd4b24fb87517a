# SPDX-License-Identifier: Apache-2.0
"""The sockets that clients come in by: bound by one process, accepted from by one or many.

A socket that several processes accept from has one queue. What waits in it when one of them is
killed is taken by the others, where `SO_REUSEPORT` would lose it; who takes how many is settled by
`Acceptor`.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable

from sidecar.errors import Misconfigured
from sidecar.proxy.tally import Tally
from sidecar.rules import spell_authority

logger = logging.getLogger(__name__)

type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_BACKLOG = 1024
_OTHERS_TURN_SECONDS = 0.002
"""How long a client is left to processes with fewer clients; then whoever is awake takes it."""
_FULL_SECONDS = 0.5
"""Before another try when this process has no file descriptor left."""


def bind(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of `host`, bound and not listening; Misconfigured if it cannot."""
    bound: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, *_, address in dict.fromkeys(found):
            door = socket.socket(family, socket.SOCK_STREAM)
            bound.append(door)
            door.setblocking(False)  # noqa: FBT003 - its only argument
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            door.bind(address)
    except (OSError, UnicodeError) as error:  # the latter of a name that is none
        close(bound)
        raise _cannot(host, port, error) from None
    return bound


def open_up(bound: Iterable[socket.socket]) -> None:
    """Let clients come, who wait until somebody accepts them."""
    for door in bound:
        host, port = door.getsockname()[:2]
        try:
            door.listen(_BACKLOG)
        except OSError as error:
            raise _cannot(host, port, error) from None


def close(bound: Iterable[socket.socket]) -> None:
    for door in bound:
        door.close()


def _cannot(host: str, port: int, error: OSError | UnicodeError) -> Misconfigured:
    why = error.strerror if isinstance(error, OSError) else "not a name or an address"
    return Misconfigured(f"{spell_authority(host, port)} cannot be listened on: {why}")


class Acceptor:
    """Accepts the clients of one listening socket, one a turn, in the place of an asyncio server.

    asyncio's own would take whatever waits at once, so that of several processes the first to wake
    gets all; this one leaves a client to a process with fewer, unless that one is too busy to come.
    """

    def __init__(self, door: socket.socket, serve: Serve, tally: Tally) -> None:
        self._door = door
        self._serve = serve
        self._tally = tally
        self._loop = asyncio.get_running_loop()
        self._retry: asyncio.TimerHandle | None = None
        self._arrivals: set[asyncio.Task[None]] = set()
        self._loop.add_reader(door, self._arrived)
        tally.accept(accepts=True)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        return (self._door,)

    def close(self) -> None:
        """Accept nobody any more, and let go of the socket; others may go on with theirs."""
        self._tally.accept(accepts=False)
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._door)
        self._door.close()

    def _arrived(self) -> None:
        if self._tally.is_turn:
            self._accept()
        else:
            self._wait(_OTHERS_TURN_SECONDS)

    def _wait(self, seconds: float) -> None:
        self._loop.remove_reader(self._door)
        self._retry = self._loop.call_later(seconds, self._waited)

    def _waited(self) -> None:
        self._retry = None
        self._loop.add_reader(self._door, self._arrived)
        self._accept()

    def _accept(self) -> None:
        try:
            client, _ = self._door.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was faster, or the client has given up
        except OSError as error:
            logger.error("a client cannot be accepted: %s", error.strerror)  # noqa: TRY400 - no more to tell
            self._wait(_FULL_SECONDS)
            return
        self._tally.came()
        client.setblocking(False)  # noqa: FBT003 - its only argument
        arrival = self._loop.create_task(self._receive(client))
        self._arrivals.add(arrival)
        arrival.add_done_callback(self._arrivals.discard)

    async def _receive(self, client: socket.socket) -> None:
        reader = asyncio.StreamReader(loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, self._attend, loop=self._loop)
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, client)
        except OSError:
            client.close()  # it was gone before it could be served
            self._tally.left()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        finally:
            self._tally.left()
