# SPDX-License-Identifier: Apache-2.0
"""The process: it starts only when everything is there, and loses nothing it acknowledged."""

import base64
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.client_tls import ClientTls
from sidecar.errors import Misconfigured
from sidecar.kms.audit import tail, verify
from sidecar.kms.config import Tls, load_kms_config
from sidecar.kms.server import warn_of_clear_text
from sidecar.kms.store import Database
from tests.fixtures.authority import Authority
from tests.fixtures.command import sidecar
from tests.fixtures.kms import RunningKms
from tests.kms.raw import ask, signed, wire
from tests.kms.refusals import refusal, told
from tests.kms.sdks import NewSdk

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

type MakeKms = Callable[[], RunningKms]

CANARY = "canary-4f1d9a27c3"


def test_sigterm_and_the_end_of_standard_input_end_it_well(make_kms: MakeKms) -> None:
    kms = make_kms()
    kms.start()
    assert kms.stop() == 0
    kms.start()
    assert kms.close_stdin() == 0


@pytest.mark.parametrize(
    ("host", "warnings"), [("127.0.0.1", 0), ("::1", 0), ("localhost", 0), ("10.0.0.1", 1)]
)
def test_clear_text_to_other_machines_is_warned_of(
    make_kms: MakeKms, caplog: pytest.LogCaptureFixture, host: str, warnings: int
) -> None:
    config = load_kms_config(make_kms().directory / "kms.yaml")
    warn_of_clear_text(replace(config, listen_host=host))
    assert len(caplog.records) == warnings
    warn_of_clear_text(replace(config, listen_host=host, tls=Tls(Path("cert"), Path("key"))))
    assert len(caplog.records) == warnings


def test_what_was_acknowledged_is_there_after_sigkill(make_kms: MakeKms) -> None:
    kms = make_kms()
    kms.start()
    acknowledged: dict[str, dict[str, str]] = {}

    def work() -> None:
        while True:
            try:
                cmk = kms.make_key()
                acknowledged[cmk] = kms.call("GenerateDataKey", KeyId=cmk)
            except (Refusal, Misconfigured):
                return

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    while len(acknowledged) < 12:
        workers[0].join(0.01)
    kms.kill()
    for worker in workers:
        worker.join()
    sent = wire(signed("ListKeys", key=kms.access_key))
    kms.start()
    for cmk, made in acknowledged.items():
        opened = kms.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
        assert (opened["KeyId"], opened["Plaintext"]) == (cmk, made["Plaintext"])
    assert ask(kms, sent).status == 200
    kms.kill()
    kms.start()
    assert told(ask(kms, sent).json) == (400, "SignatureNonceUsed")
    with_database(kms, lambda database: verify_chain(database, len(acknowledged)))


def verify_chain(database: Database, at_least: int) -> None:
    with database.snapshot() as connection:
        assert verify(connection).sequence >= at_least


def with_database(kms: RunningKms, work: Callable[[Database], None]) -> None:
    database = Database.sqlite(kms.directory / "kms.db")
    try:
        work(database)
    finally:
        database.close()


def test_a_token_that_is_away_is_no_token_without_keys(make_kms: MakeKms) -> None:
    """Law 7: whoever hears "not found" gives data up; so nobody hears it while the HSM is away."""
    kms = make_kms()
    kms.start()
    cmk = kms.make_key("alias/customers")
    made = kms.call("GenerateDataKey", KeyId=cmk)
    tokens, away = kms.directory / "hsm" / "tokens", kms.directory / "hsm" / "away"
    tokens.rename(away)
    for action, parameters in (
        ("GenerateDataKey", {"KeyId": "alias/customers"}),
        ("Encrypt", {"KeyId": cmk, "Plaintext": "aGk="}),
        ("Decrypt", {"CiphertextBlob": made["CiphertextBlob"]}),
        ("CreateKey", {}),
    ):
        answer = refusal(kms, action, **parameters)
        assert told(answer) == (503, "ServiceUnavailableTemporary")
    away.rename(tokens)
    opened = kms.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == made["Plaintext"]
    assert kms.call("ListKeys")["TotalCount"] == 1


def test_a_call_that_cannot_be_recorded_is_not_carried_out(make_kms: MakeKms) -> None:
    kms = make_kms()
    kms.start()

    def rename(old: str, new: str) -> None:
        connection = sqlite3.connect(kms.directory / "kms.db", timeout=10)
        connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
        connection.close()

    rename("audit_record", "hidden")
    assert told(refusal(kms, "CreateKey")) == (503, "ServiceUnavailableTemporary")
    rename("hidden", "audit_record")
    assert kms.call("ListKeys")["TotalCount"] == 0


def test_a_plaintext_stands_nowhere(make_kms: MakeKms) -> None:
    kms = make_kms()
    kms.start()
    cmk = kms.make_key()
    plaintext = base64.b64encode(CANARY.encode()).decode()
    made = kms.call("Encrypt", KeyId=cmk, Plaintext=plaintext)
    kms.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    refusal(kms, "Encrypt", KeyId="alias/unknown", Plaintext=plaintext)
    refusal(kms, "Encrypt", KeyId=cmk, Plaintext=f"{plaintext}={CANARY}")
    refusal(kms, "Encrypt", KeyId=CANARY * 9, Plaintext=plaintext)
    refusal(kms, CANARY, KeyId=cmk, Plaintext=plaintext)
    refusal(kms, "Encrypt", KeyId=cmk, Plaintext=plaintext, **{CANARY: CANARY})
    ask(kms, f"POST /{CANARY}?Plaintext={CANARY} HTTP/1.1\r\nHost: kms\r\n\r\n".encode())
    ask(kms, f"POST /?Plaintext={CANARY} HTTP/1.1\r\nnonsense\r\n\r\n".encode())
    data_key = kms.call("GenerateDataKey", KeyId=cmk)["Plaintext"]
    kms.stop()
    texts = (CANARY, plaintext.rstrip("="), data_key)
    secrets = [text.encode() for text in texts] + [base64.b64decode(data_key)]
    files = [path for path in kms.directory.rglob("*") if path.is_file()]
    assert kms.directory / "kms.db" in files
    for path in (*files, kms.log):
        data = path.read_bytes()
        assert not [secret for secret in secrets if secret in data], path


def test_it_does_not_start_with_the_token_of_another(make_kms: MakeKms) -> None:
    kms, other = make_kms(), make_kms()
    kms.start()
    kms.make_key()
    kms.stop()
    configuration = kms.directory / "kms.yaml"
    text = configuration.read_text()
    configuration.write_text(text.replace(f"{kms.directory}/hsm", f"{other.directory}/hsm"))
    with pytest.raises(RuntimeError, match="1 of 1 keys"):
        kms.start()
    configuration.write_text(text)
    kms.start()


@pytest.mark.parametrize("table", ["ram_user", "alias"])
def test_a_database_that_does_not_take_the_configuration_is_told_in_a_line(
    make_kms: MakeKms, table: str
) -> None:
    kms = make_kms()
    with (kms.directory / "kms.yaml").open("a") as file:
        file.write("keys: [{id: 11111111-2222-4333-8444-555555555555, aliases: [alias/crm]}]\n")
    database = sqlite3.connect(kms.directory / "kms.db")
    database.execute(f"DROP TABLE {table}")
    database.close()
    done = sidecar("kms", "serve", "--dir", kms.directory, "--listen", "127.0.0.1:0")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("sidecar: "))
    assert line == (
        "sidecar: what the configuration says cannot be put into the database: OperationalError"
    )
    assert "Traceback" not in done.stderr


def test_it_does_not_start_where_something_listens(make_kms: MakeKms, kms: RunningKms) -> None:
    second = make_kms()
    second._listen = kms.address
    with pytest.raises(RuntimeError, match="cannot listen on 127"):
        second.start()


def test_a_token_object_without_a_row_is_told(make_kms: MakeKms) -> None:
    """What a crash between the token and the database leaves behind."""
    kms = make_kms()
    kms.start()
    cmk = kms.make_key()
    version = kms.call("DescribeKey", KeyId=cmk)["KeyMetadata"]["PrimaryKeyVersion"]
    kms.stop()
    connection = sqlite3.connect(kms.directory / "kms.db")
    connection.execute("DELETE FROM cmk_version")
    connection.execute("DELETE FROM cmk")
    connection.commit()
    connection.close()
    kms.start()
    assert f"the token holds key {version}" in kms.log.read_text()


def test_calls_come_over_tls_where_there_is_a_certificate(make_kms: MakeKms) -> None:
    kms = make_kms()
    authority = Authority(kms.directory)
    cert, key = authority.issue("127.0.0.1")
    configuration = kms.directory / "kms.yaml"
    configuration.write_text(
        f"{configuration.read_text()}tls: {{cert: {cert.name}, key: {key.name}}}\n"
    )
    kms.start()
    assert kms.endpoint.startswith("https://")
    answer = KmsClient(kms.endpoint, kms.access_key, ClientTls(authority.ca)).call("ListKeys", {})
    assert answer["TotalCount"] == 0
    sdk = NewSdk(kms, kms.access_key, protocol="HTTPS", ca=str(authority.ca))
    assert sdk.call("ListKeys")["TotalCount"] == 0
    with pytest.raises(Misconfigured, match="does not verify"):
        KmsClient(kms.endpoint, kms.access_key).call("ListKeys", {})

    def is_recorded(database: Database) -> None:
        with database.snapshot() as connection:
            newest = [link.record for link in tail(connection, 2)]  # one may be a checkpoint
            assert '"eventName":"ListKeys"' in "".join(newest)

    with_database(kms, is_recorded)
    kms.stop()
    key.write_text("no key")
    with pytest.raises(RuntimeError, match="the TLS certificate and key cannot be used"):
        kms.start()
