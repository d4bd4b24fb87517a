# SPDX-License-Identifier: Apache-2.0
"""Records to a URL: a POST of JSON lines, which has arrived when it is answered with 2xx.

The header `x-audit-records: first-last` names them, so that a receiver can tell what it has
already: what was not answered comes again.
"""

import time
from collections.abc import Sequence

import httpx

from sidecar.errors import Misconfigured
from sidecar.kms.audit.exporting.lines import line
from sidecar.kms.audit.exporting.sink import DeliveryFailed, trusting
from sidecar.kms.audit.settings import WebhookExport
from sidecar.kms.audit.verification import Claim
from sidecar.kms.secret_file import read_secret

SECONDS = 15.0
MAX_ANSWER = 64 * 1024
"""Bytes; nothing in an answer is of interest but its status."""


class Webhook:
    """One URL."""

    def __init__(self, settings: WebhookExport) -> None:
        self._settings = settings
        self._client = httpx.Client(
            timeout=SECONDS, verify=trusting(settings.ca), trust_env=False, follow_redirects=False
        )

    def deliver(self, batch: Sequence[Claim]) -> None:
        body = "".join(line(claim) + "\n" for claim in batch)
        first, last = batch[0].link.sequence, batch[-1].link.sequence
        headers = {
            "content-type": "application/x-ndjson",
            "x-audit-records": f"{first}-{last}",
            **self._authorization(),
        }
        url = self._settings.url
        try:
            with self._client.stream("POST", url, content=body, headers=headers) as response:
                _finish(response)
        except httpx.HTTPError as error:
            raise DeliveryFailed(f"webhook: {type(error).__name__}") from error
        if not response.is_success:
            raise DeliveryFailed(f"webhook: it answered {response.status_code}")

    def close(self) -> None:
        self._client.close()

    def _authorization(self) -> dict[str, str]:
        """Read each time: tokens are renewed."""
        if self._settings.token_file is None:
            return {}
        try:
            return {"authorization": f"Bearer {read_secret(self._settings.token_file)}"}
        except Misconfigured as error:
            raise DeliveryFailed(f"webhook: {error.why}") from error


def _finish(response: httpx.Response) -> None:
    """Read a short answer to its end, so that the connection serves again; leave a long one."""
    deadline = time.monotonic() + SECONDS
    for _ in response.iter_raw():
        if response.num_bytes_downloaded > MAX_ANSWER or time.monotonic() > deadline:
            return
