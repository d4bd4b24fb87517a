# SPDX-License-Identifier: Apache-2.0
"""Where the KMS answers: elsewhere, or in a child process that is started for it here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sidecar.config import EmbeddedKms, RemoteKms, read_credentials
from sidecar.proxy.embedded_kms import CREDENTIALS, KmsProcess


@asynccontextmanager
async def running(kms: RemoteKms | EmbeddedKms) -> AsyncIterator[str]:
    """Inside the context the KMS that `kms` says runs where it is our own; where it answers.

    Raises:
        Misconfigured: Our own does not start; its own messages tell why.
    """
    if isinstance(kms, RemoteKms):
        yield kms.endpoint
        return
    async with KmsProcess(kms.directory) as process:
        yield process.endpoint


def answering_at(kms: RemoteKms | EmbeddedKms, endpoint: str) -> RemoteKms:
    """The KMS that `kms` says and `running` told the place of, with the key to call it with."""
    if isinstance(kms, RemoteKms):
        return kms
    stored = read_credentials(kms.directory / CREDENTIALS)
    return RemoteKms(endpoint, stored.region or "", stored.key)


@asynccontextmanager
async def reachable(kms: RemoteKms | EmbeddedKms) -> AsyncIterator[RemoteKms]:
    """`running`, and the key to call it with; what is raised there."""
    async with running(kms) as endpoint:
        yield answering_at(kms, endpoint)
