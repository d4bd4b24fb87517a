# SPDX-License-Identifier: Apache-2.0
"""What the trail is carried to: a place that takes records in their order, or says why not."""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from sidecar.errors import Misconfigured, SidecarError
from sidecar.kms.audit.verification import Claim
from sidecar.regular_file import open_regular


class DeliveryFailed(SidecarError):
    """The records did not arrive, or may not have: they are delivered again."""

    code = "audit_delivery_failed"


class Sink(Protocol):
    """One place; used from one thread."""

    def deliver(self, batch: Sequence[Claim]) -> None:
        """Return once the records have arrived; raise DeliveryFailed."""

    def close(self) -> None: ...


def trusting(ca: Path | None) -> ssl.SSLContext:
    """TLS with servers of this CA, or of those that the machine trusts; raise Misconfigured."""
    try:
        if ca is not None:
            open_regular(ca).close()  # OpenSSL would wait at a pipe
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise Misconfigured(f"{ca}: is no CA certificate that can be read") from error
