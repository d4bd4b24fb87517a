# SPDX-License-Identifier: Apache-2.0
"""A CA of our own in a folder: `cert.pem`, which clients trust, and `key.pem`, which nobody reads.

The key is made once and stays with the folder. The certificate is short-lived and made again, for
the same key, when a third of its life is left, or when rules name a host that it is not for; who
trusts an older one goes on until that ends. So several processes that share the folder, and the
command that exports the certificate, need no lock: whatever each of them wrote last is right.
"""

import contextlib
import datetime as dt
from collections.abc import Collection
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sidecar.draft import Draft
from sidecar.errors import Misconfigured
from sidecar.proxy.interception.certificates import CA_LIFETIME, Ca, hosts_of, make_ca
from sidecar.proxy.interception.files import read_ca
from sidecar.proxy.pem import read_certificates, read_private_key

RENEWAL = CA_LIFETIME / 3
"""A certificate with less than this before it is made again."""


class CaFolder:
    """The CA in `folder`, made there when it is not yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cert = folder / "cert.pem"
        self._key = folder / "key.pem"
        self._ca: Ca | None = None

    def for_host(self, host: str, now: dt.datetime) -> Ca:
        """The CA, good for `host` besides all others; Misconfigured where there can be none."""
        ca = self._ca
        if ca is None or not (_is_fresh(ca, now) and ca.permits(host)):
            kept = hosts_of(ca.certificate) if ca else ()
            ca = self.ready({*kept, host}, now)
        return ca

    def ready(self, hosts: Collection[str], now: dt.datetime) -> Ca:
        """The CA, good for `hosts`; Misconfigured where the folder cannot be used.

        It stays good for the hosts of before as long as its certificate would stay in force anyway.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self._key.exists():
                self._make_key()
            self._ca = self._find(hosts, now) or self._make_certificate(hosts, now)
        except OSError as error:
            raise Misconfigured(
                f"{self.folder}: the CA cannot be kept there: {error.strerror}"
            ) from None
        return self._ca

    def trusted(self) -> list[x509.Certificate]:
        """What clients have to trust."""
        return read_certificates(self.cert)

    def _find(self, hosts: Collection[str], now: dt.datetime) -> Ca | None:
        if not self.cert.exists():
            return None
        ca = read_ca(self.cert, self._key)
        if not _is_fresh(ca, now):
            return None
        if all(ca.permits(host) for host in hosts):
            return ca
        return self._make_certificate({*hosts, *hosts_of(ca.certificate)}, now)

    def _make_key(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with Draft(self._key) as draft, contextlib.suppress(FileExistsError):
            draft.file.write(pem)
            draft.publish_first()  # of several processes one wins

    def _make_certificate(self, hosts: Collection[str], now: dt.datetime) -> Ca:
        key = read_private_key(self._key)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Misconfigured(f"{self._key}: not a key that was made here; take it away")
        ca = make_ca(hosts, key, now)
        with Draft(self.cert) as draft:
            draft.file.write(ca.certificate.public_bytes(Encoding.PEM))
            draft.publish(0o644)
        return ca


def _is_fresh(ca: Ca, now: dt.datetime) -> bool:
    return ca.is_in_force(now) and ca.certificate.not_valid_after_utc - now >= RENEWAL
