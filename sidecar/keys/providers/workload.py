# SPDX-License-Identifier: Apache-2.0
"""Credentials for a workload that has no access key: its token, exchanged for a session of a role.

The token is what Kubernetes puts into a file of the pod and renews (a projected service account
token); it is read anew for each exchange. STS (AssumeRoleWithOIDC, API version 2015-04-01) gives
an access key that ends; the next one is fetched in the background well before, so that no request
waits for it, and while STS is away the one of now serves on to its end.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from sidecar.errors import KeyUnavailable, told
from sidecar.keys.providers import answers
from sidecar.regular_file import read_regular
from sidecar.signing import AccessKey

STS_VERSION = "2015-04-01"
ACTION = "AssumeRoleWithOIDC"
MAX_TOKEN = 20_000
RENEW_AHEAD = 0.5
"""Of a session's time: what is left of it when the next one is fetched."""
RETRY_SECONDS = 15.0
"""Between the tries to fetch the next one while there still is one."""

logger = logging.getLogger(__name__)

type Post = Callable[[bytes], Awaitable[bytes | bytearray]]
"""Send a form to STS, and give the body of a 200; raise KeyUnavailable."""


@dataclass(frozen=True, slots=True)
class WorkloadRole:
    """The role that a workload may become by the token in `token_file`.

    `sts_endpoint` is where STS answers: for the bundled core that of the KMS.
    """

    role_arn: str
    provider_arn: str
    token_file: Path
    sts_endpoint: str
    session_name: str = "envelope-sidecar"


class _Credentials(msgspec.Struct, rename="pascal"):
    access_key_id: str
    access_key_secret: str
    security_token: str
    expiration: str


class _Assumed(msgspec.Struct, rename="pascal"):
    credentials: _Credentials


class WorkloadKey:
    """The access key of now; it is fetched at the first use."""

    def __init__(self, role: WorkloadRole, post: Post) -> None:
        self._role = role
        self._post = post
        self._key: AccessKey | None = None
        self._renew_at = self._ends_at = 0.0
        self._fetching: asyncio.Task[AccessKey] | None = None

    async def get(self) -> AccessKey:
        """Raise KeyUnavailable (KeyDenied) where there is none and none can be had."""
        now = time.time()
        key = self._key if now < self._ends_at else None
        if key is None or now >= self._renew_at:
            fetching = self._fetch_once()
            if key is None:
                return await asyncio.shield(fetching)
            self._renew_at = now + RETRY_SECONDS
        return key

    def forget(self, key: AccessKey) -> None:
        """It is refused: its session was revoked, or our clock is wrong."""
        if self._key is key:
            self._key = None
            self._ends_at = 0.0

    async def aclose(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            with contextlib.suppress(asyncio.CancelledError, KeyUnavailable):
                await self._fetching

    def _fetch_once(self) -> asyncio.Task[AccessKey]:
        """One exchange at a time, whoever asks."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(_tell)
        return self._fetching

    async def _fetch(self) -> AccessKey:
        began = time.time()
        body = await self._post(self._form())
        made = answers.read(body, _Assumed, ACTION).credentials
        try:
            ends_at = datetime.fromisoformat(made.expiration).timestamp()
        except ValueError:
            raise KeyUnavailable(f"STS answered {ACTION} with no time") from None
        self._key = AccessKey(made.access_key_id, made.access_key_secret, made.security_token)
        self._ends_at = ends_at
        self._renew_at = began + (ends_at - began) * (1 - RENEW_AHEAD)
        return self._key

    def _form(self) -> bytes:
        role = self._role
        try:
            token = read_regular(role.token_file).decode("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyUnavailable(
                f"the token in {role.token_file} cannot be read: {type(error).__name__}"
            ) from None
        if not 0 < len(token) <= MAX_TOKEN:
            raise KeyUnavailable(f"{role.token_file} holds no token")
        return urlencode(
            {
                "Action": ACTION,
                "Version": STS_VERSION,
                "Format": "JSON",
                "RoleArn": role.role_arn,
                "OIDCProviderArn": role.provider_arn,
                "OIDCToken": token,
                "RoleSessionName": role.session_name,
            }
        ).encode()


def _tell(fetching: asyncio.Task[AccessKey]) -> None:
    """Whoever waits hears of a failure; of one in the background nobody else would."""
    if not fetching.cancelled() and (error := fetching.exception()) is not None:
        logger.warning("no new credentials of the workload's role: %s", told(error))
