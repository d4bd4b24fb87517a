# SPDX-License-Identifier: Apache-2.0
"""The store itself, reached past the proxy: at a bounded rate, with patience where it helps.

Requests go to httpx's transport, below its client, which logs URLs: targets may hold ids (law 5).
Proxies named in the environment are not used, and redirects are not followed. A read that meets
trouble is asked again. A write never is: it may have been done, and what stands there now has to be
looked at first.
"""

import asyncio
import ssl
import time
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

import httpx

from sidecar.errors import Misconfigured, SidecarError
from sidecar.message import Headers, find_header
from sidecar.migration.slots import Filled
from sidecar.regular_file import open_regular
from sidecar.rules import spell_authority

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of one page."""
STEP_SECONDS = 60.0
PAUSES = (0.05, 0.2, 1.0, 3.0, 8.0)
"""A store that restarts is back by then."""
_LONGEST_PAUSE = 60.0
_BUSY = frozenset({429, 502, 503, 504})


class StoreUnavailable(SidecarError):
    """The store cannot be reached, or says for long that it cannot serve now."""

    status: ClassVar[int] = 503
    code = "store_unavailable"


class Answer(NamedTuple):
    """What the store said."""

    status: int
    headers: Headers
    body: bytes

    def __repr__(self) -> str:
        return f"<Answer {self.status}, {len(self.body)} bytes>"

    @property
    def is_busy(self) -> bool:
        """Whether the same may well succeed a little later."""
        return self.status in _BUSY

    @property
    def pause(self) -> float | None:
        """How long the store asks to be left alone, in seconds (RFC 9110 §10.2.3)."""
        value = find_header(self.headers, b"retry-after")
        return min(float(value), _LONGEST_PAUSE) if value and value.isdigit() else None


class Pace:
    """Turns at `rate` a second, without a crowd after a rest; 0 for no bound."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._free_at = 0.0

    def wait(self, now: float) -> float:
        """How many seconds from `now` the turn is that is taken hereby."""
        at = max(now, self._free_at)
        self._free_at = at + self._interval
        return at - now

    def rest(self, until: float) -> None:
        """No turn before `until`, whosever it is."""
        self._free_at = max(self._free_at, until)


class RawStore:
    """One store; `rate` is in requests a second, 0 for no bound.

    `pauses` are the seconds between the attempts of one question.
    """

    def __init__(
        self,
        origin: httpx.URL,
        headers: Headers,
        ca: Path | None,
        rate: float,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        """Raise Misconfigured where `ca` cannot be read."""
        self.origin = origin
        self.pauses = pauses
        self._headers = headers
        self._transport = httpx.AsyncHTTPTransport(
            verify=_trust(ca) if origin.scheme == "https" else False,
            limits=httpx.Limits(max_connections=256, max_keepalive_connections=256),
        )
        self._pace = Pace(rate)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    @property
    def authority(self) -> str:
        """`host:port`, as rules name it."""
        port = self.origin.port or (443 if self.origin.scheme == "https" else 80)
        return spell_authority(self.origin.host, port).lower()

    async def read(self, request: Filled, headers: Headers = ()) -> Answer:
        """Ask until there is an answer that is not trouble; StoreUnavailable."""
        for pause in self.pauses:
            try:
                answer = await self.ask(request, headers)
            except StoreUnavailable:
                await asyncio.sleep(pause)
            else:
                if not answer.is_busy:
                    return answer
                await asyncio.sleep(pause)
        answer = await self.ask(request, headers)
        if answer.is_busy:
            raise StoreUnavailable(f"{self.authority} says {answer.status}, again and again")
        return answer

    async def ask(self, request: Filled, headers: Headers = ()) -> Answer:
        """Ask once; StoreUnavailable where no whole answer comes.

        A store that says when to come again (`Retry-After`) is left alone by everybody until then.
        """
        if (seconds := self._pace.wait(time.monotonic())) > 0:
            await asyncio.sleep(seconds)
        given = {name.lower() for name, _ in headers}
        own = [line for line in self._headers if line[0].lower() not in given]
        mine = [(b"Host", self.origin.netloc), *own, *headers]
        names = {name.lower() for name, _ in mine}
        if request.body and b"content-type" not in names:
            mine.append((b"Content-Type", b"application/json"))
        if request.body and b"content-length" not in names:
            mine.append((b"Content-Length", b"%d" % len(request.body)))
        if b"accept-encoding" not in names:
            mine.append((b"Accept-Encoding", b"identity"))
        try:
            response = await self._transport.handle_async_request(
                httpx.Request(
                    request.method.decode(),
                    self._url(request.target),
                    headers=mine,
                    content=request.body,
                    extensions={"timeout": httpx.Timeout(STEP_SECONDS).as_dict()},
                )
            )
            try:
                body = await _bounded(response)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            kind = type(error).__name__
            raise StoreUnavailable(f"{self.authority} cannot be asked: {kind}") from None
        answer = Answer(response.status_code, tuple(response.headers.raw), body)
        if answer.is_busy and answer.pause:
            self._pace.rest(time.monotonic() + answer.pause)
        return answer

    def same_origin(self, link: str, base: bytes) -> bytes:
        """Where `link` leads to from the target `base`; Misconfigured if to another store."""
        url = self._url(base).join(link)
        if (url.scheme, url.netloc) != (self.origin.scheme, self.origin.netloc):
            raise Misconfigured(f"a link of the listing leads away from {self.authority}")
        return url.raw_path

    def _url(self, target: bytes) -> httpx.URL:
        return self.origin.copy_with(raw_path=target)


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > MAX_ANSWER:
            raise Misconfigured(f"an answer has more than {MAX_ANSWER} bytes; list smaller pages")
    return bytes(body)


def _trust(ca: Path | None) -> ssl.SSLContext:
    try:
        if ca is not None:
            open_regular(ca).close()  # OpenSSL would wait at a pipe
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError):
        raise Misconfigured(f"{ca}: not a readable PEM file of certificates") from None
