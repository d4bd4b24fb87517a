# SPDX-License-Identifier: Apache-2.0
"""What becomes of workers, of their clients and of what they counted; all with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.installed import Running, is_gone, until, write
from tests.fixtures.command import SIDECAR, carry_out
from tests.fixtures.kms import RunningKms
from tests.stores.kept import Store


def _write_and_read(proxy: Running, client: httpx.Client, number: int) -> None:
    url = f"{proxy.url}/customers/{number}"
    assert client.put(url, json={"ssn": f"ssn {number}"}).status_code == 200
    assert client.get(url).json() == {"ssn": f"ssn {number}"}


def test_the_supervisor_has_neither_the_proxys_larger_half_nor_a_connection_to_the_kms() -> None:
    code = (
        "import sys, sidecar.cli.run\n"
        "print([m for m in ('mitmproxy', 'sidecar.proxy.host', 'pkcs11') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_new_clients_are_spread_over_all_workers(proxy: Running) -> None:
    clients = [httpx.Client() for _ in range(8)]
    for number, client in enumerate(clients):
        _write_and_read(proxy, client, number)
    assert proxy.metric("sidecar_connections_open") == 8
    assert proxy.metric("sidecar_workers_serving") == 2
    for client in clients:
        client.close()


def test_a_killed_worker_is_replaced_and_what_it_counted_stays(
    proxy: Running, store: Store
) -> None:
    for number in range(10):
        with httpx.Client() as client:
            _write_and_read(proxy, client, number)
    sealed = 'sidecar_sealed_values_total{rule="customers"}'
    before = proxy.metric(sealed)
    victim, other = proxy.workers()
    os.kill(victim, signal.SIGKILL)
    until(lambda: victim not in proxy.workers())
    with httpx.Client() as client:
        _write_and_read(proxy, client, 1)
    until(lambda: len(proxy.workers()) == 2)
    assert other in proxy.workers()
    assert victim not in proxy.workers()
    assert proxy.metric(sealed) == before + 1
    assert proxy.metric('sidecar_worker_ends_total{how="crashed"}') == 1
    assert store.kept["/customers/1"] != b'{"ssn": "ssn 1"}'


def test_a_stopped_worker_finishes_and_is_replaced_at_once(proxy: Running) -> None:
    leaver, _ = proxy.workers()
    os.kill(leaver, signal.SIGTERM)
    until(lambda: is_gone(leaver) and len(proxy.workers()) == 2)
    assert leaver not in proxy.workers()
    assert proxy.metric('sidecar_worker_ends_total{how="orderly"}') == 1


def test_clients_wait_at_the_door_while_nobody_serves(proxy: Running) -> None:
    """The supervisor holds the door open, so a crash of all is a delay and not a refusal."""
    for pid in proxy.workers():
        os.kill(pid, signal.SIGKILL)
    with httpx.Client(timeout=30) as client:
        _write_and_read(proxy, client, 7)
    until(lambda: len(proxy.workers()) == 2)


def test_workers_that_cannot_start_are_told_and_tried_again(config: Path, kms: RunningKms) -> None:
    """Nobody serves meanwhile, and it is not kept quiet."""
    copy = config.with_name("credentials.json")
    copy.touch(mode=0o600)
    copy.write_bytes(kms.credentials_file.read_bytes())
    own = config.with_name("own.yaml")
    own.write_text(config.read_text().replace(str(kms.credentials_file), str(copy)))
    with Running(own) as proxy:
        hidden = copy.rename(copy.with_name("hidden.json"))
        for pid in proxy.workers():
            os.kill(pid, signal.SIGKILL)
        until(lambda: httpx.get(f"{proxy.admin}/readyz").status_code == 503)
        assert proxy.readiness()["status"] == "unready"
        until(lambda: "a worker could not be started" in proxy.log.read_text())
        assert "no worker serves now" in proxy.log.read_text()
        hidden.rename(copy)
        until(lambda: len(proxy.workers()) == 2)
        assert httpx.get(f"{proxy.admin}/readyz").status_code == 200


def test_nothing_secret_is_handed_to_a_worker(proxy: Running, kms: RunningKms) -> None:
    secrets = (kms.access_key.secret.encode(), b"ssn 1")
    for pid in proxy.workers():
        for name in ("cmdline", "environ"):
            handed = Path(f"/proc/{pid}/{name}").read_bytes()
            assert not [secret for secret in secrets if secret in handed]


def test_no_worker_outlives_its_supervisor(config: Path) -> None:
    with Running(config) as orphaned:
        pids = orphaned.workers()
        orphaned.kill()
    until(lambda: all(is_gone(pid) for pid in pids))


@pytest.mark.parametrize("is_made", [True, False])
def test_a_kms_that_does_not_start_holds_up_no_end(
    store: Store, tmp_path: Path, *, is_made: bool
) -> None:
    config = write(tmp_path, store.authority, "alias/mine", "{dir: kms}")
    if is_made:
        carry_out("kms", "init", "--dir", tmp_path / "kms")
    with subprocess.Popen([*SIDECAR, "run", "-c", config], stdout=subprocess.PIPE) as starting:
        children = Path(f"/proc/{starting.pid}/task/{starting.pid}/children")
        until(lambda: bool(children.read_text()))
        kms = int(children.read_text())
        until(lambda: b"kms" in Path(f"/proc/{kms}/cmdline").read_bytes().split(b"\0"))
        os.kill(kms, signal.SIGSTOP)
        starting.terminate()
        assert starting.communicate()[0] == b""
    assert starting.returncode == 0
    assert is_gone(kms)


def test_a_second_signal_cuts_what_is_under_way(config: Path) -> None:
    """The drain alone would take an hour."""
    patient = config.with_name("patient.yaml")
    patient.write_text(config.read_text().replace("drain: 5s", "drain: 1h"))
    with Running(patient) as proxy, pytest.raises(httpx.TransportError):
        httpx.put(f"{proxy.url}/customers/1", content=_endless(proxy), timeout=None)
    assert proxy.wait() == 0, proxy.log.read_text()


def test_a_reload_that_is_asked_for_too_late_disturbs_nothing(config: Path) -> None:
    """What is under way when it comes is finished, by the rules that hold."""
    with Running(config) as proxy:

        def body() -> Iterator[bytes]:
            yield b'{"ssn": "'
            until(lambda: proxy.metric("sidecar_held_bytes") > 0)
            proxy.process.send_signal(signal.SIGTERM)
            until(lambda: proxy.readiness()["status"] == "draining")
            proxy.process.send_signal(signal.SIGHUP)
            assert proxy.readiness()["status"] == "draining"
            yield b'1"}'

        headers = {"Content-Type": "application/json"}
        answer = httpx.put(f"{proxy.url}/customers/1", headers=headers, content=body(), timeout=60)
        assert answer.json() == {"ssn": "1"}
        assert proxy.wait() == 0, proxy.log.read_text()


def _endless(proxy: Running) -> Iterator[bytes]:
    """A body without an end, in the middle of which the proxy is told to end, twice."""
    yield b'{"ssn": "'
    until(lambda: proxy.metric("sidecar_held_bytes") > 0)
    proxy.process.send_signal(signal.SIGTERM)
    until(lambda: proxy.readiness()["status"] == "draining")
    proxy.process.send_signal(signal.SIGTERM)
    while True:
        yield b"x"
