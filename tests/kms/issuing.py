# SPDX-License-Identifier: Apache-2.0
"""Certificate authorities that answer requests as the CAs of the world do, or do it badly."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.fixtures.authority import SIGNS_CERTIFICATES

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
CA = (x509.BasicConstraints(ca=True, path_length=None), SIGNS_CERTIFICATES)
SIGNER = "distid:1234567812345678"

type Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
type PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def pem(*certificates: x509.Certificate) -> str:
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Issuer:
    """A CA; `above` are the certificates of those that it hangs from, nearest first."""

    def __init__(self, key: Key, certificate: x509.Certificate, *above: x509.Certificate) -> None:
        self.key = key
        self.certificate = certificate
        self.above = above

    @property
    def chain(self) -> str:
        return pem(self.certificate, *self.above)

    @classmethod
    def root(cls, name: str = "root") -> Self:
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(key, certificate(key.public_key(), named(name), key, named(name), *CA))

    def below(self, name: str, *extensions: x509.ExtensionType, ends: dt.timedelta = DAY) -> Issuer:
        """Somebody with a certificate of this CA, who issues others; a CA if nothing is said."""
        key = rsa.generate_private_key(65537, 2048)
        made = self.issue(key.public_key(), named(name), *(extensions or CA), ends=ends)
        return Issuer(key, made, self.certificate, *self.above)

    def issue(
        self,
        public: PublicKey,
        subject: x509.Name,
        *extensions: x509.ExtensionType,
        ends: dt.timedelta = DAY,
    ) -> x509.Certificate:
        return certificate(
            public, subject, self.key, self.certificate.subject, *extensions, ends=ends
        )

    def answer(self, csr: str) -> str:
        """The certificate that the request asks for, in PEM."""
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.is_signature_valid
        public = request.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
        asked = [extension.value for extension in request.extensions]
        return pem(self.issue(public, request.subject, *asked))


def certificate(
    public: PublicKey,
    subject: x509.Name,
    key: Key,
    issuer: x509.Name,
    *extensions: x509.ExtensionType,
    ends: dt.timedelta = DAY,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 2 * DAY)
        .not_valid_after(NOW + ends)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())


ROOT = Issuer.root()
MIDDLE = ROOT.below("middle")


class Sm2Issuer:
    """A CA with SM2 keys: OpenSSL's command line, because no binding of Python has them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        _openssl("ecparam", "-name", "SM2", "-genkey", "-noout", "-out", folder / "ca.key")
        _openssl(
            *("req", "-x509", "-new", "-key", folder / "ca.key", "-subj", "/CN=an SM2 CA"),
            *("-sm3", "-sigopt", SIGNER, "-days", "1", "-out", folder / "ca.pem"),
            *("-addext", "basicConstraints=critical,CA:TRUE"),
        )

    @property
    def chain(self) -> str:
        return (self._folder / "ca.pem").read_text()

    def answer(self, csr: str) -> str:
        """The certificate that the request asks for; OpenSSL verifies its signature first."""
        (self._folder / "a.csr").write_text(csr)
        return _openssl(
            *("x509", "-req", "-in", self._folder / "a.csr", "-days", "1", "-vfyopt", SIGNER),
            *("-CA", self._folder / "ca.pem", "-CAkey", self._folder / "ca.key"),
            *("-set_serial", "77", "-sm3", "-sigopt", SIGNER),
        )


def _openssl(*words: str | Path) -> str:
    return subprocess.run(["openssl", *words], check=True, capture_output=True, text=True).stdout
