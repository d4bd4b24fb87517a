# SPDX-License-Identifier: Apache-2.0
"""Records to a URL: a POST of JSON lines, which has arrived when it is answered with 2xx.

The header `x-audit-records: first-last` names them, so that a receiver can tell what it has
already: what was not answered comes again.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

import httpx

from sidecar.errors import Misconfigured
from sidecar.kms.audit.exporting.lines import line
from sidecar.kms.audit.exporting.sink import DeliveryFailed, trusting
from sidecar.kms.audit.settings import WebhookExport
from sidecar.kms.audit.verification import Claim
from sidecar.kms.secret_file import read_secret

SECONDS = 15.0
"""That the whole of a delivery may take; a server that drips its answer gets no more."""
MAX_ANSWER = 64 * 1024
"""Bytes; nothing in an answer is of interest but its status."""


class Webhook:
    """One URL."""

    def __init__(self, settings: WebhookExport, patience: float = SECONDS) -> None:
        self._settings = settings
        self._patience = patience
        self._client = httpx.AsyncClient(
            timeout=None,  # noqa: S113 - each call has one for the whole of it
            verify=trusting(settings.ca),
            trust_env=False,
            follow_redirects=False,
        )
        self._runner = asyncio.Runner()
        """Only what can be cancelled can have one deadline, from the name's address on."""

    def deliver(self, batch: Sequence[Claim]) -> None:
        body = "".join(line(claim) + "\n" for claim in batch)
        first, last = batch[0].link.sequence, batch[-1].link.sequence
        headers = {
            "content-type": "application/x-ndjson",
            "x-audit-records": f"{first}-{last}",
            **self._authorization(),
        }
        try:
            status = self._runner.run(self._post(body, headers))
        except httpx.HTTPError as error:
            raise DeliveryFailed(f"webhook: {type(error).__name__}") from error
        if status is None:
            raise DeliveryFailed(f"webhook: it did not answer within {self._patience:g} seconds")
        if not httpx.codes.is_success(status):
            raise DeliveryFailed(f"webhook: it answered {status}")

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    async def _post(self, body: str, headers: Mapping[str, str]) -> int | None:
        """The status of the answer; None where it did not come in time."""
        status = None
        with contextlib.suppress(TimeoutError):
            async with (
                asyncio.timeout(self._patience),
                self._client.stream(
                    "POST", self._settings.url, content=body, headers=headers
                ) as response,
            ):
                status = response.status_code
                await _finish(response)
        return status

    def _authorization(self) -> dict[str, str]:
        """Read each time: tokens are renewed."""
        if self._settings.token_file is None:
            return {}
        try:
            return {"authorization": f"Bearer {read_secret(self._settings.token_file)}"}
        except Misconfigured as error:
            raise DeliveryFailed(f"webhook: {error.why}") from error


async def _finish(response: httpx.Response) -> None:
    """Read a short answer to its end, so that the connection serves again; leave a long one."""
    async for _ in response.aiter_raw():
        if response.num_bytes_downloaded > MAX_ANSWER:
            return
