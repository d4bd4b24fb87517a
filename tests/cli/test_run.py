# SPDX-License-Identifier: Apache-2.0
"""`sidecar run`: it proves, serves, tells where, drains; or it does not listen and says why."""

import asyncio
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sidecar.cli.kms_client import KmsClient
from tests.cli.installed import Running, write
from tests.fixtures.authority import Authority
from tests.fixtures.command import Service, sidecar
from tests.fixtures.kms import RunningKms
from tests.stores.kept import Store

CANARY = "CANARY-9f86d081"


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.gate.set()
        server.shutdown()


@pytest.fixture(scope="module")
def cmk(kms: RunningKms) -> str:
    kms.make_key("alias/run")
    return "alias/run"


def _elsewhere(kms: RunningKms) -> str:
    return f"{{credentials_file: {kms.credentials_file}, endpoint: '{kms.endpoint}'}}"


@pytest.fixture
def config(tmp_path: Path, store: Store, kms: RunningKms, cmk: str) -> Path:
    return write(tmp_path, store.authority, cmk, _elsewhere(kms))


def test_it_serves_and_tells_operators(config: Path, store: Store, kms: RunningKms) -> None:
    with Running(config) as proxy:
        assert proxy.ready["kms"] == kms.endpoint
        answer = httpx.put(f"{proxy.url}/customers/1", json={"ssn": CANARY})
        assert answer.status_code == 200
        assert CANARY.encode() not in store.kept["/customers/1"]
        assert httpx.get(f"{proxy.url}/customers/1").json() == {"ssn": CANARY}
        assert httpx.get(f"{proxy.admin}/readyz").status_code == 200
        metrics = httpx.get(f"{proxy.admin}/metrics?{CANARY}").text
    assert 'sidecar_sealed_values_total{rule="customers"} 1.0' in metrics
    assert 'sidecar_opened_values_total{rule="customers"} ' in metrics
    log = proxy.log.read_text()
    assert f"{proxy.url.removeprefix('http://')} in front of http://{store.authority}" in log
    assert CANARY not in metrics + log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_what_is_in_flight_finish(
    config: Path, store: Store, number: signal.Signals
) -> None:
    with Running(config) as proxy:
        store.gate.clear()
        async with httpx.AsyncClient() as client:
            answer = asyncio.create_task(
                client.put(f"{proxy.url}/customers/1", json={"ssn": CANARY})
            )
            await asyncio.to_thread(store.arrived.wait, 20)
            proxy.process.send_signal(number)
            await _until_unready(client, proxy)
            store.gate.set()
            assert (await answer).json() == {"ssn": CANARY}
        assert proxy.wait() == 0


async def _until_unready(client: httpx.AsyncClient, proxy: Running) -> None:
    while (await client.get(f"{proxy.admin}/readyz")).json()["status"] != "draining":  # noqa: ASYNC110
        await asyncio.sleep(0)  # its answer is what is waited for


def test_check_proves_and_does_not_listen(config: Path) -> None:
    done = sidecar("run", "-c", config, "--check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("proved: 1 rule in force")


def _ends(config: Path) -> str:
    """The last line of a run that must not start."""
    done = sidecar("run", "-c", config)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("sidecar: ")
    return last


def test_a_missing_configuration_is_told(tmp_path: Path) -> None:
    assert "absent.yaml: cannot be read" in _ends(tmp_path / "absent.yaml")


def test_all_that_is_wrong_with_a_configuration_is_told(tmp_path: Path) -> None:
    config = tmp_path / "sidecar.yaml"
    config.write_text("listeners: []\nrules: rules.yaml\nworkers: none\n")
    done = sidecar("run", "-c", config)
    assert done.returncode == 2
    assert done.stderr == (
        f"sidecar: {config}:1:12: there is no listener\n{config}:3:10: expected an integer\n"
    )


def test_rules_that_name_no_upstream_are_told(
    tmp_path: Path, store: Store, kms: RunningKms, cmk: str
) -> None:
    """A host that is spelt in two ways must not let everything pass unsealed."""
    config = write(tmp_path, store.authority, cmk, _elsewhere(kms))
    rules = tmp_path / "rules.yaml"
    rules.write_text(rules.read_text().replace("127.0.0.1", "localhost"))
    assert f"no rule names {store.authority}, so nothing would be sealed" in _ends(config)


def test_a_bad_certificate_is_told(config: Path, tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("proxy.test")
    pair.key.chmod(0o644)
    tls = f"tls: {{cert: {pair.cert}, key: {pair.key}}}"
    config.write_text(config.read_text().replace("'}]", f"', {tls}}}]"))
    assert f"{pair.key}: is open to others" in _ends(config)


def test_an_address_that_is_taken_is_told(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        config.write_text(config.read_text().replace("127.0.0.1:0", address, 1))
        assert f"{address} cannot be listened on" in _ends(config)


def test_an_https_listener_and_a_verified_upstream(
    tmp_path: Path, store: Store, kms: RunningKms, cmk: str
) -> None:
    """An upstream whose certificate does not verify gets nothing, and the client a 502."""
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1")
    config = write(tmp_path, store.authority, cmk, _elsewhere(kms))
    tls = f"tls: {{cert: {pair.cert}, key: {pair.key}}}"
    text = config.read_text().replace("'}]", f"', {tls}}}]")
    config.write_text(text.replace("http://127.0.0.1", "https://127.0.0.1", 1))
    with Running(config) as proxy, httpx.Client(verify=_trust(authority)) as client:
        url = proxy.url.replace("http:", "https:")
        answer = client.put(f"{url}/customers/1", json={"ssn": CANARY})
    assert answer.status_code == 502
    assert store.kept == {}


def _trust(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.ca)


def test_a_new_kms_of_its_own_has_no_cmk_and_tells_how_to_make_one(
    tmp_path: Path, store: Store
) -> None:
    config = write(tmp_path, store.authority, "alias/mine", "{dir: kms}")
    done = sidecar("run", "-c", config)
    assert (done.returncode, done.stdout) == (2, "")
    kms = tmp_path / "kms"
    assert done.stderr.splitlines()[-5:] == [
        f"  sidecar kms serve --dir {kms} &",
        f"  until sidecar kms call --dir {kms} ListKeys >/dev/null 2>&1; do sleep 0.2; done",
        f"  sidecar kms call --dir {kms} CreateKey      # it answers with a KeyId",
        f"  sidecar kms call --dir {kms} CreateAlias AliasName=alias/mine KeyId=…",
        "  kill %1",
    ]
    serving = Service(kms / "log", "kms", "serve", "--dir", kms, "--listen", "127.0.0.1:0")
    client = KmsClient.from_file(kms / "credentials.json", serving.ready["endpoint"], None)
    key_id = client.call("CreateKey", {})["KeyMetadata"]["KeyId"]
    client.call("CreateAlias", {"KeyId": key_id, "AliasName": "alias/mine"})
    assert serving.stop() == 0
    with Running(config) as proxy:
        answer = httpx.put(f"{proxy.url}/customers/1", json={"ssn": CANARY})
        assert answer.status_code == 200
        assert CANARY.encode() not in store.kept["/customers/1"]


def test_the_help_documents_the_configuration() -> None:
    shown = sidecar("run", "--help").stdout
    for word in ("upstream_tls: {ca: ca.pem", "held_body: 8MiB", "credentials_file"):
        assert word in shown
