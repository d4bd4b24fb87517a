# SPDX-License-Identifier: Apache-2.0
"""TLS towards a KMS: what it is verified under, and the certificate that it may ask for."""

import logging
import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from sidecar.errors import Misconfigured
from sidecar.file_stamp import stamp
from sidecar.private_file import read_private
from sidecar.regular_file import open_regular

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClientTls:
    """PEM files: with `ca` only that authority is trusted, else those of the system.

    `cert` and `key`, both or none, are shown to a KMS that wants to know its clients' machines.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def or_trusting(self, ca: Path) -> Self:
        """The same, with the authority in `ca` where none was named and that file exists."""
        return replace(self, ca=ca) if self.ca is None and ca.exists() else self

    def context(self) -> ssl.SSLContext:
        """What a connection is made with; Misconfigured where a file cannot be used."""
        try:
            if self.ca is not None:
                open_regular(self.ca).close()  # OpenSSL would wait at a pipe
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:  # ssl.SSLError is one
            raise Misconfigured(f"{self.ca}: not a CA certificate: {_reason(error)}") from None
        _show(context, self)
        return context


class RenewedTls:
    """A context that shows the client certificate as it is renewed on disk.

    While the new files cannot be used, what was read before is shown, and the log says so once a
    change. Connections that stand go on.
    """

    def __init__(self, tls: ClientTls) -> None:
        self._tls = tls
        self._seen = self._stamps()
        self.context = tls.context()

    def follow(self) -> None:
        """Look whether the files have changed; a look takes a microsecond."""
        found = self._stamps()
        if found == self._seen:
            return
        self._seen = found
        try:
            self._tls.context()  # proves the pair: half a pair would spoil the context in use
            _show(self.context, self._tls)
        except Misconfigured as error:
            logger.error("the former client certificate is shown on: %s", error.why)  # noqa: TRY400 - said

    def _stamps(self) -> tuple[object, ...]:
        return tuple(stamp(path) for path in (self._tls.cert, self._tls.key) if path is not None)


def _show(context: ssl.SSLContext, tls: ClientTls) -> None:
    if tls.cert is None or tls.key is None:
        return
    read_private(tls.key)
    try:
        open_regular(tls.cert).close()
        # With a password given, none is asked for at the terminal.
        context.load_cert_chain(tls.cert, tls.key, password="")
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"{tls.cert}, {tls.key}: not a certificate and its key: {_reason(error)}"
        ) from None


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or "unreadable"
