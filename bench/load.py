# SPDX-License-Identifier: Apache-2.0
"""The load of the benchmarks: one request again and again on some connections, in a process apart.

    load.py PORT CONNECTIONS SECONDS [RATE] < request

Without RATE every connection asks again as soon as it was answered; with RATE requests a second
are sent on a schedule, and a latency counts from the moment at which its request was due, so that
a proxy that stalls is not spared the requests that it kept from being sent. Sixteen zeros in the
request become its number, so that no two heads are the same. Prints one JSON line:
`requests`, `seconds`, `failed` (answers other than 2xx), `p50` and `p99` in milliseconds.
"""

import asyncio
import itertools
import json
import statistics
import sys
import time
from typing import ClassVar

import uvloop

NUMBER = b"0" * 16


class Client(asyncio.Protocol):
    """One connection with one request under way."""

    latencies: list[float]
    failed = 0
    asked: ClassVar = itertools.count(1)

    def __init__(self, request: bytes, stop_at: float, interval: float) -> None:
        self._request = request
        self._is_numbered = NUMBER in request
        self._stop_at = stop_at
        self._interval = interval
        self._buffer = b""
        self.latencies = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._due = time.perf_counter()
        self._ask()

    def _ask(self) -> None:
        request = self._request
        if self._is_numbered:
            request = request.replace(NUMBER, b"%016d" % next(self.asked))
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = buffer[:end].lower()
        at = head.find(b"content-length:")
        if len(buffer) < end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0]):
            return
        now = time.perf_counter()
        self._buffer = b""
        self.failed += not head.startswith(b"http/1.1 2")
        self.latencies.append(now - self._due)
        if now >= self._stop_at:
            self._transport.close()
            self.done.set_result(None)
        elif not self._interval:
            self._due = now
            self._ask()
        else:
            self._due += self._interval
            if self._due <= now:
                self._ask()
            else:
                asyncio.get_running_loop().call_later(self._due - now, self._ask)

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.failed += 1
            self.done.set_result(None)


async def _load(port: int, connections: int, seconds: float, rate: float) -> dict[str, float]:
    request = sys.stdin.buffer.read()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    interval = connections / rate if rate else 0.0
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(
            lambda: Client(request, began + seconds, interval), "127.0.0.1", port
        )
        clients.append(client)
        await asyncio.sleep(interval / connections)
    await asyncio.gather(*(client.done for client in clients))
    took = time.perf_counter() - began
    latencies = [1000 * each for client in clients for each in client.latencies]
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "requests": len(latencies),
        "seconds": took,
        "failed": sum(client.failed for client in clients),
        "p50": cuts[49],
        "p99": cuts[98],
    }


if __name__ == "__main__":
    port, connections, seconds, *rate = sys.argv[1:]
    print(
        json.dumps(
            uvloop.run(_load(int(port), int(connections), float(seconds), float((*rate, "0")[0])))
        )
    )
