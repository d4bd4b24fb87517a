# SPDX-License-Identifier: Apache-2.0
"""A KMS core that was made with host names: all its clients verify it, and an impostor gets none.

The data key of every request of a sidecar crosses this connection.
"""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alibabacloud_kms20160120.models import CreateKeyRequest
from click.testing import CliRunner, Result
from Tea.exceptions import TeaException

from sidecar.cli.kms import call
from sidecar.cli.kms_client import KmsClient
from sidecar.client_tls import ClientTls
from sidecar.errors import KeyUnavailable, Misconfigured
from sidecar.keys import KeyContext
from sidecar.keys.providers.kms import KmsProvider
from sidecar.kms.installation import make
from tests.fixtures.authority import Authority, Pair
from tests.fixtures.kms import RunningKms
from tests.kms.sdks import NewSdk

# Of the SDK's own code.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

HOSTS = ("127.0.0.1", "kms.envelope-dev.svc")


@pytest.fixture(scope="module")
def tls_kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKms]:
    running = RunningKms(tmp_path_factory.mktemp("kms") / "kms", HOSTS)
    running.start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def other_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority of another installation, for the same hosts."""
    directory = tmp_path_factory.mktemp("other")
    make(directory, HOSTS)
    return directory / "ca.pem"


def test_the_vendors_sdk_verifies_it(tls_kms: RunningKms, other_ca: Path) -> None:
    deceived = NewSdk(tls_kms, tls_kms.access_key, protocol="HTTPS", ca=str(other_ca))
    with pytest.raises(TeaException, match="CERTIFICATE_VERIFY_FAILED"):
        deceived._client.create_key(CreateKeyRequest())
    # Only now: the SDK's connections are shared by all its clients.
    sdk = NewSdk(tls_kms, tls_kms.access_key, protocol="HTTPS", ca=str(tls_kms.ca))
    key_id = sdk.call("CreateKey")["KeyMetadata"]["KeyId"]
    assert sdk.call("DescribeKey", KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"


async def test_the_sidecar_verifies_it(tls_kms: RunningKms, other_ca: Path) -> None:
    cmk, context = tls_kms.make_key(), KeyContext("crm", "")
    endpoint, region, key = tls_kms.endpoint, tls_kms.region, tls_kms.access_key
    async with KmsProvider(endpoint, region, key, tls=ClientTls(tls_kms.ca)) as provider:
        made = await provider.generate_data_key(cmk, context)
        assert (await provider.decrypt(made.edk, context)).key_id == cmk
    for ca in (other_ca, None):
        async with KmsProvider(endpoint, region, key, tls=ClientTls(ca)) as provider:
            with pytest.raises(KeyUnavailable, match="SSLCertVerificationError; `ca` has to"):
                await provider.generate_data_key(cmk, context)


def test_the_command_line_verifies_it(tls_kms: RunningKms, other_ca: Path) -> None:
    assert tls_kms.call("ListKeys")
    for ca in (other_ca, None):
        with pytest.raises(Misconfigured, match="does not verify"):
            KmsClient(tls_kms.endpoint, tls_kms.access_key, ClientTls(ca)).call("ListKeys", {})


def test_clear_text_gets_no_answer(tls_kms: RunningKms) -> None:
    host, _, port = tls_kms.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as clear:
        clear.sendall(b"POST / HTTP/1.1\r\nHost: kms\r\nContent-Length: 0\r\n\r\n")
        assert b"HTTP/1.1" not in clear.recv(100)


def test_probes_that_only_connect_leave_no_line_in_the_log(tls_kms: RunningKms) -> None:
    before = tls_kms.log.read_text()
    host, _, port = tls_kms.address.rpartition(":")
    for _ in range(3):
        socket.create_connection((host, int(port)), timeout=10).close()
    assert tls_kms.call("ListKeys")
    assert tls_kms.log.read_text() == before


def test_a_client_that_rests_does_not_hold_up_the_end(make_kms: Callable[..., RunningKms]) -> None:
    """It never answers the end of the TLS connection; waiting for it is logged as an error."""
    kms = make_kms(*HOSTS)
    kms.start()
    assert kms.ca is not None
    host, _, port = kms.address.rpartition(":")
    context = ssl.create_default_context(cafile=kms.ca)
    with (
        socket.create_connection((host, int(port)), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=host) as resting,
    ):
        resting.sendall(b"POST / HTTP/1.1\r\nHost: kms\r\nContent-Length: 0\r\n\r\n")
        assert resting.recv(12) == b"HTTP/1.1 400"
        assert kms.stop() == 0
    assert "level=error" not in kms.log.read_text()


def certificate_of(kms: RunningKms, ca: Path, name: str | None = None) -> bytes:
    """What a new client is shown."""
    host, _, port = kms.address.rpartition(":")
    context = ssl.create_default_context(cafile=ca)
    with (
        socket.create_connection((host, int(port)), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=name or host) as checked,
    ):
        return checked.getpeercert(binary_form=True) or b""


def test_a_renewed_certificate_is_shown_at_once_and_a_bad_one_never(
    make_kms: Callable[..., RunningKms],
) -> None:
    kms = make_kms(*HOSTS)
    kms.start()
    first = certificate_of(kms, kms.directory / "ca.pem")
    (kms.directory / "server.pem").unlink()
    make(kms.directory, HOSTS)
    second = certificate_of(kms, kms.directory / "ca.pem")
    assert first != second
    assert certificate_of(kms, kms.directory / "ca.pem", HOSTS[1]) == second
    key = kms.directory / "server.key"
    kept = key.read_text()
    key.write_text("no key")
    for _ in range(2):
        assert certificate_of(kms, kms.directory / "ca.pem") == second
    assert kms.log.read_text().count("the old TLS certificate is shown on") == 1
    key.write_text(kept)
    assert certificate_of(kms, kms.directory / "ca.pem") == second
    assert kms.call("ListKeys")["TotalCount"] == 0


def test_where_clients_need_certificates_nobody_else_is_heard(
    make_kms: Callable[..., RunningKms], tmp_path: Path
) -> None:
    kms = make_kms(*HOSTS)
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    configuration = kms.directory / "kms.yaml"
    text = configuration.read_text()
    configuration.write_text(
        text.replace("key: server.key}", f"key: server.key, client_ca: {ours.ca}}}")
    )
    kms.start()
    good, bad = ours.issue("sidecar.internal", file="good"), theirs.issue("x.invalid", file="bad")
    both = tmp_path / "good.pem"  # the SDK takes certificate and key from one file
    both.touch(mode=0o600)
    both.write_bytes(good.cert.read_bytes() + good.key.read_bytes())
    sdk = NewSdk(kms, kms.access_key, protocol="HTTPS", ca=str(kms.ca), cert=str(both))
    assert sdk.call("ListKeys")["TotalCount"] == 0
    for pair in (None, bad):
        assert probe(kms, pair) == b""
    assert probe(kms, good).startswith(b"HTTP/1.1 200")
    told = _asked_by_command(kms, "--cert", str(good.cert), "--key", str(good.key))
    assert told.exit_code == 0
    for shown in ((), ("--cert", str(bad.cert), "--key", str(bad.key))):
        assert "--cert" in str(_asked_by_command(kms, *shown).exception)


def _asked_by_command(kms: RunningKms, *shown: str) -> Result:
    arguments = ["ListKeys", "--dir", str(kms.directory), "--endpoint", kms.endpoint, *shown]
    return CliRunner().invoke(call.command, arguments)


def probe(kms: RunningKms, pair: Pair | None) -> bytes:
    """What a client hears that shows this certificate: with TLS 1.3 it hears of it late."""
    host, _, port = kms.address.rpartition(":")
    context = ssl.create_default_context(cafile=kms.ca)
    if pair is not None:
        context.load_cert_chain(*pair)
    with (
        contextlib.suppress(ssl.SSLError, ConnectionError),
        socket.create_connection((host, int(port)), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=host) as client,
    ):
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: kms\r\n\r\n")
        return client.recv(100)
    return b""


def test_a_wildcard_is_announced_by_a_name_that_clients_can_use(
    make_kms: Callable[..., RunningKms],
) -> None:
    kms = make_kms("localhost", "kms.internal")
    kms._listen = "0.0.0.0:0"
    kms.start()
    assert kms.endpoint.startswith("https://localhost:")
    assert kms.call("ListKeys")["TotalCount"] == 0
