# SPDX-License-Identifier: Apache-2.0
"""Where the KMS answers: elsewhere, or in a child process that is started for it here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sidecar.config import EmbeddedKms, RemoteKms, read_credentials
from sidecar.proxy.embedded_kms import KmsProcess
from sidecar.signing import AccessKey


@asynccontextmanager
async def reachable(kms: RemoteKms | EmbeddedKms) -> AsyncIterator[RemoteKms]:
    """The KMS that `kms` says; inside the context one of our own runs.

    Raises:
        Misconfigured: Our own does not start; its own messages tell why.
    """
    if isinstance(kms, RemoteKms):
        yield kms
        return
    async with KmsProcess(kms.directory) as process:
        stored = read_credentials(process.credentials)
        key = AccessKey(stored["access_key_id"], stored["access_key_secret"])
        yield RemoteKms(process.endpoint, stored.get("region", ""), key)
