# SPDX-License-Identifier: Apache-2.0
"""TLS of the KMS core: TLS 1.2 or 1.3, a certificate that follows its files, and perhaps clients'.

Each handshake looks whether the files have changed, so a renewed certificate is shown from then
on, and connections that stand go on. While the new files cannot be used, the old certificate is
shown, and the log says so once for each change.

With `client_ca` nobody gets an answer without a certificate of that authority. It says which
machines may connect; who calls is said by the signature of each call, as ever. It is read at start.
"""

import logging
import ssl
from pathlib import Path
from typing import Any

from sidecar.errors import Misconfigured
from sidecar.file_stamp import Stamp, stamp
from sidecar.kms.config import Tls
from sidecar.private_file import read_private
from sidecar.regular_file import open_regular

logger = logging.getLogger(__name__)


class ServerTls:
    """What the server shows; `context` is for its listener, and stays."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._seen = _stamps(tls)
        self._shown = _read(tls)
        self.context = _read(tls)
        # OpenSSL asks it of every client, whether it names a host or not.
        self.context.sni_callback = self._show

    def _show(self, connection: ssl.SSLObject, _: str | None, __: ssl.SSLContext) -> None:
        self._follow()
        connection.context = self._shown

    def _follow(self) -> None:
        try:
            found = _stamps(self._tls)
            if found == self._seen:
                return
            self._seen = found
            self._shown = _read(self._tls)
        except Misconfigured as error:
            logger.error("the old TLS certificate is shown on: %s", error.why)  # noqa: TRY400 - said
        else:
            logger.info("the new certificate of %s is shown from now on", self._tls.cert)


def _stamps(tls: Tls) -> tuple[Stamp, ...]:
    return stamp(tls.cert), stamp(tls.key)


def _read(tls: Tls) -> ssl.SSLContext:
    """A context of the files as they are; raise Misconfigured where they are no pair."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    read_private(tls.key)
    no_password: Any = lambda: ""  # or OpenSSL asks for it at the terminal  # noqa: E731
    try:
        open_regular(tls.cert).close()  # OpenSSL would wait at a pipe
        context.load_cert_chain(tls.cert, tls.key, no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "unreadable"
        raise Misconfigured(
            f"the TLS certificate and key cannot be used: {tls.cert}, {tls.key}: {reason}"
        ) from None
    if tls.client_ca is not None:
        _demand_clients(context, tls.client_ca)
    return context


def _demand_clients(context: ssl.SSLContext, authority: Path) -> None:
    try:
        open_regular(authority).close()
        context.load_verify_locations(authority)
    except OSError as error:
        raise Misconfigured(f"{authority}: is no CA certificate that can be read") from error
    context.verify_mode = ssl.CERT_REQUIRED
