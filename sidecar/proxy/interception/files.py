# SPDX-License-Identifier: Apache-2.0
"""A CA that somebody else makes and renews, cert-manager for one: its certificate and key in files.

They are read again when they have changed. Files that do not fit together are told once and the
CA that was read before serves on: a pair that is being replaced does not fit for a moment.
"""

import datetime as dt
import logging
from collections.abc import Collection
from pathlib import Path

from cryptography import x509

from sidecar.errors import Misconfigured
from sidecar.file_stamp import Stamp, stamp
from sidecar.proxy.interception.certificates import Ca
from sidecar.proxy.pem import read_certificates, read_private_key

logger = logging.getLogger(__name__)


class CaFiles:
    """The CA in `cert` (PEM, the CA first and what stands above it after that) and `key` (PEM)."""

    def __init__(self, cert: Path, key: Path) -> None:
        self.cert = cert
        self._key = key
        self._read: tuple[tuple[Stamp, Stamp], Ca] | None = None

    def for_host(self, host: str, now: dt.datetime) -> Ca:
        """The CA as it is now; Misconfigured where it must not sign for `host`."""
        ca = self.current()
        if not ca.is_in_force(now):
            raise Misconfigured(f"{self.cert}: not in force now; renew it")
        if not ca.permits(host):
            raise Misconfigured(f"{self.cert}: its name constraints leave out {host}")
        return ca

    def ready(self, hosts: Collection[str], now: dt.datetime) -> Ca:
        """The CA; Misconfigured where it must not sign for one of `hosts`."""
        for host in hosts:
            self.for_host(host, now)
        return self.current()

    def trusted(self) -> list[x509.Certificate]:
        """What clients have to trust: the CA, or what stands above it."""
        return read_certificates(self.cert)

    def current(self) -> Ca:
        """The CA as it stands in the files; Misconfigured where it never could be read."""
        before = self._read
        try:
            found = stamp(self.cert), stamp(self._key)
            if before is None or found != before[0]:
                self._read = found, read_ca(self.cert, self._key)
        except Misconfigured as error:
            if before is None:
                raise
            logger.warning("the CA that was read before serves on: %s", error.why)
            self._read = found, before[1]
        assert self._read is not None  # noqa: S101 - either of the two
        return self._read[1]


def read_ca(cert: Path, key: Path) -> Ca:
    """The CA in two files; Misconfigured where they are none."""
    certificate, *above = read_certificates(cert)
    private = read_private_key(key)
    if private.public_key() != certificate.public_key():
        raise Misconfigured(f"{key}: not the key of the first certificate in {cert}")
    if not _may_sign(certificate):
        raise Misconfigured(f"{cert}: the first certificate is not one of a CA")
    return Ca(certificate, private, tuple(each for each in above if each.issuer != each.subject))


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound:
        return False
    return constraints.value.ca and usage.value.key_cert_sign
