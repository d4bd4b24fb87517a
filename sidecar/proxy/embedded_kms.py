# SPDX-License-Identifier: Apache-2.0
"""A KMS core of this machine's own, as a child process: the two towers meet only on the wire.

The child is the same `sidecar kms serve` that runs alone elsewhere. It ends when its standard
input closes, so it never outlives its parent, however that ends. A child that dies is started
again on the same port, with back-off; meanwhile the keyring serves from its caches.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Self

from sidecar.errors import Misconfigured
from sidecar.own_module import OWN_MODULE

logger = logging.getLogger(__name__)

CREDENTIALS = "sidecar.json"
"""The file with the access key for sidecars, which uses CMKs and cannot change them."""
START_SECONDS = 30.0
END_SECONDS = 15.0
"""A little more than a KMS takes to drain and to cut what is left then."""
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0

_MADE_LAST = "kms.yaml"
_COMMAND = (*OWN_MODULE, "sidecar", "kms")


class KmsProcess:
    """An async context: inside it the KMS of `directory` answers at `endpoint`.

    Whoever is cancelled while it starts leaves no child behind and waits for none.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: Process | None = None
        self._supervision: asyncio.Task[None] | None = None
        self.endpoint = ""

    @property
    def credentials(self) -> Path:
        """The file of `CREDENTIALS`."""
        return self._directory / CREDENTIALS

    @property
    def pid(self) -> int | None:
        """The process that serves now."""
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        if not (self._directory / _MADE_LAST).exists():
            await self._initialize()
        await self._start("127.0.0.1:0")
        self._supervision = asyncio.create_task(self._supervise())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._supervision is not None:
            self._supervision.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervision
        await self._end()

    async def _initialize(self) -> None:
        child = await asyncio.create_subprocess_exec(
            *(*_COMMAND, "init", "--dir", str(self._directory)),
            stdout=DEVNULL,  # the credentials are printed once; here they are read from their file
        )
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await _kill(child)  # the next start makes the rest
            raise
        if code:
            raise Misconfigured(f"no KMS could be made in {self._directory}; see above")

    async def _start(self, listen: str) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(*_COMMAND, "serve", "--dir", str(self._directory)),
            *("--listen", listen, "--exit-with-stdin"),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,  # Ctrl-C reaches the proxy alone, which drains before this ends
        )
        assert self._process.stdout is not None  # noqa: S101 - it was started with a pipe
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), START_SECONDS)
            self.endpoint = json.loads(line)["endpoint"]
        except (TimeoutError, ValueError, KeyError):
            await self._end()
            raise Misconfigured(
                f"the KMS in {self._directory} did not start; see its messages above"
            ) from None
        except asyncio.CancelledError:
            await _kill(self._process)  # nobody has called it yet
            raise

    async def _end(self) -> None:
        """Let the child finish what is under way, or kill it when that takes too long."""
        if self._process is None or self._process.returncode is not None:
            return
        assert self._process.stdin is not None  # noqa: S101 - it was started with a pipe
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_SECONDS)
        except TimeoutError:
            await _kill(self._process)

    async def _supervise(self) -> None:
        pause = FIRST_PAUSE
        while True:
            assert self._process is not None  # noqa: S101 - __aenter__ started it
            code = await self._process.wait()
            logger.error("the embedded KMS ended with code %s; starting it again", code)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            with contextlib.suppress(Misconfigured, OSError):  # the latter when nothing is left
                await self._start(self.endpoint.removeprefix("http://"))
                pause = FIRST_PAUSE


async def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        process.kill()
    await process.wait()
