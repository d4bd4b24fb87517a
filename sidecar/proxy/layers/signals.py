# SPDX-License-Identifier: Apache-2.0
"""What any layer of ours and the host tell each other, besides bytes."""

import asyncio
from dataclasses import dataclass
from typing import Any

from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events

CUT = "cut"
"""`Client.error` of a connection that must be reset: its end is no end of an answer."""


class Send(commands.SendData):
    """`SendData` made in one step: there is one for every message."""

    def __init__(self, connection: Connection, data: bytes) -> None:
        self.connection = connection
        self.data = data


@dataclass
class Awaited(commands.StartHook):  # type: ignore[no-untyped-call]
    """Tell the layer when `task` is done, or when `seconds` are over; nobody else waits for it.

    A hook, so that mitmproxy brings its completion back to the layer that asked; the host answers
    it itself (`handler.py`) and shows it to no addon.
    """

    task: asyncio.Future[Any]
    seconds: float
    name = "awaited"


@dataclass
class Drain(events.Event):
    """The host is ending: finish the message in flight and close, and tell so in its answer.

    A client that rests may have sent its next request already, so it is waited for; once the last
    call is over, whoever rests is closed.
    """

    is_last_call_over: bool


@dataclass
class Pause(commands.Command):
    """Read nothing from this client and from no upstream of it; or go on reading."""

    is_paused: bool
