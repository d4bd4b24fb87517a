# SPDX-License-Identifier: Apache-2.0
"""A KMS that wants to know its clients' machines: the certificate shown to it, and its renewal."""

import logging
import ssl
from pathlib import Path

import pytest

from sidecar.client_tls import ClientTls
from sidecar.errors import KeyUnavailable, Misconfigured
from sidecar.keys import KeyContext
from sidecar.keys.providers.kms import KmsProvider, Patience
from tests.fixtures.authority import Authority, Pair
from tests.keys.providers.double import KEY, KmsDouble

ALIAS = "alias/customers"
ACME = KeyContext("crm", "acme")
IMPATIENT = Patience(deadline=5.0, step=2.0, pauses=(0,))


class Asked:
    """A KMS that hears nobody without a certificate of `clients`."""

    def __init__(self, folder: Path) -> None:
        self.server, self.clients = Authority(folder, "server"), Authority(folder, "clients")
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(*self.server.issue("127.0.0.1"))
        self.tls.load_verify_locations(self.clients.ca)
        self.tls.verify_mode = ssl.CERT_REQUIRED


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


async def _ask(kms: KmsDouble, tls: ClientTls) -> None:
    async with KmsProvider(kms.endpoint, "r", KEY, tls=tls, patience=IMPATIENT) as provider:
        await provider.generate_data_key(ALIAS, ACME)


async def test_the_certificate_is_shown_to_a_kms_that_asks_for_it(
    asked: Asked, tmp_path: Path
) -> None:
    good, bad = asked.clients.issue("sidecar", file="good"), asked.server.issue("x", file="bad")
    async with KmsDouble(ALIAS, tls=asked.tls) as kms:
        await _ask(kms, ClientTls(asked.server.ca, *good))
        for tls in (ClientTls(asked.server.ca), ClientTls(asked.server.ca, *bad)):
            with pytest.raises(KeyUnavailable, match="cannot be asked for GenerateDataKey"):
                await _ask(kms, tls)


async def test_a_renewed_certificate_is_shown_and_half_a_pair_never(
    asked: Asked, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strange = asked.server.issue("x", file="strange")
    shown = Pair(tmp_path / "shown.pem", tmp_path / "shown.key")
    shown.key.touch(mode=0o600)
    _copy(strange, shown)
    tls = ClientTls(asked.server.ca, *shown)
    async with (
        KmsDouble(ALIAS, tls=asked.tls) as kms,
        KmsProvider(kms.endpoint, "r", KEY, tls=tls, patience=IMPATIENT) as provider,
    ):
        with pytest.raises(KeyUnavailable):
            await provider.generate_data_key(ALIAS, ACME)
        _copy(asked.clients.issue("sidecar", file="renewed"), shown)
        await provider.generate_data_key(ALIAS, ACME)
        shown.cert.write_bytes(strange.cert.read_bytes())
        with caplog.at_level(logging.ERROR):
            for _ in range(2):
                kms.script.append(None)  # it hangs up, so another connection has to be made
                await provider.generate_data_key(ALIAS, ACME)
    assert caplog.text.count("the former client certificate is shown on") == 1


def _copy(pair: Pair, to: Pair) -> None:
    to.cert.write_bytes(pair.cert.read_bytes())
    to.key.write_bytes(pair.key.read_bytes())


def test_files_that_cannot_be_used_are_named(asked: Asked, tmp_path: Path) -> None:
    one, other = asked.clients.issue("a", file="one"), asked.clients.issue("b", file="other")
    for tls, what in (
        (ClientTls(cert=one.cert, key=other.key), "not a certificate and its key"),
        (ClientTls(cert=tmp_path / "absent.pem", key=one.key), "absent.pem"),
        (ClientTls(cert=one.cert, key=tmp_path / "absent.key"), "absent.key"),
        (ClientTls(ca=tmp_path / "absent.ca"), "absent.ca"),
    ):
        with pytest.raises(Misconfigured, match=what):
            tls.context()
    one.key.chmod(0o644)
    with pytest.raises(Misconfigured, match="open to others"):
        ClientTls(cert=one.cert, key=one.key).context()
