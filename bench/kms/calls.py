# SPDX-License-Identifier: Apache-2.0
"""The load on a KMS: many different requests, each sent once, in a process apart.

    calls.py PORT CONNECTIONS RATE < requests

The requests are pickled bytes, signed already. Without RATE (0) every connection sends its next
request as soon as it was answered; with RATE they are sent on a schedule, and a latency counts from
the moment at which its request was due. A server that hangs up after each answer is connected to
anew. Prints one JSON line, with latencies in milliseconds.
"""

import asyncio
import json
import pickle
import statistics
import sys
import time
from collections.abc import Iterator

import uvloop

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Load:
    """The requests that are left, and what became of the others."""

    def __init__(self, port: int, requests: list[bytes], rate: float) -> None:
        self._port = port
        self._left: Iterator[tuple[int, bytes]] = iter(enumerate(requests))
        self._interval = 1 / rate if rate else 0.0
        self.latencies: list[float] = []
        self.failed = 0

    async def run(self, connections: int) -> dict[str, float]:
        self._began = time.perf_counter()
        await asyncio.gather(*(self._work() for _ in range(connections)))
        took = time.perf_counter() - self._began
        cuts = statistics.quantiles((1000 * each for each in self.latencies), n=100)
        told = {"requests": len(self.latencies), "seconds": took, "failed": self.failed}
        return told | {"p50": cuts[49], "p99": cuts[98]}

    async def _work(self) -> None:
        streams: Streams | None = None
        for number, request in self._left:
            due = self._began + number * self._interval if self._interval else time.perf_counter()
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            streams = streams or await asyncio.open_connection("127.0.0.1", self._port)
            if not await self._ask(streams, request):
                streams[1].close()
                streams = None
            self.latencies.append(time.perf_counter() - due)
        if streams:
            streams[1].close()

    async def _ask(self, streams: Streams, request: bytes) -> bool:
        """Whether the connection stays."""
        reader, writer = streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = head.find(b"content-length:")
        await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
        self.failed += b" 200 " not in head[:16]
        return head.startswith(b"http/1.1") and b"connection: close" not in head


if __name__ == "__main__":
    port, connections, rate = sys.argv[1:]
    load = Load(int(port), pickle.load(sys.stdin.buffer), float(rate))
    print(json.dumps(uvloop.run(load.run(int(connections)))))
