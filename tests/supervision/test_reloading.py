# SPDX-License-Identifier: Apache-2.0
"""A new set of rules holds in every worker, or in none; what was in force is never lost."""

import asyncio
import dataclasses
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sidecar.config import read_config
from sidecar.rules import Offered, RuleSource
from sidecar.supervision.reloading import Reloading
from sidecar.telemetry import LifeStats
from tests.cli.installed import Running, until
from tests.fixtures.authority import Authority
from tests.fixtures.kms import RunningKms
from tests.fixtures.switchboard import Switchboard
from tests.stores.kept import Store

RECORD = {"ssn": "078-05-1120", "mail": "ada@example.org"}


@pytest.fixture
def rules(config: Path) -> Iterator[Path]:
    """The rules as the proxy started with them; put back afterwards."""
    path = config.with_name("rules.yaml")
    text = path.read_text()
    yield path
    path.write_text(text)


def _hup(proxy: Running, outcome: str) -> None:
    """Ask for a reload, and wait for its outcome."""
    line = f'sidecar_rules_reloads_total{{outcome="{outcome}"}}'
    before = proxy.metric(line)
    proxy.process.send_signal(signal.SIGHUP)
    until(lambda: proxy.metric(line) > before)


def _sealed(proxy: Running, store: Store) -> set[frozenset[str]]:
    """Which fields were sealed, in writes over many connections: a set for each kind of outcome."""
    found = set()
    for _ in range(8):
        answer = httpx.put(f"{proxy.url}/customers/1", json=RECORD)
        assert answer.json() == RECORD
        kept = store.kept["/customers/1"].decode()
        found.add(frozenset(name for name, value in RECORD.items() if value not in kept))
    return found


def test_new_rules_hold_in_every_worker(proxy: Running, store: Store, rules: Path) -> None:
    digest = proxy.readiness()["rules"]["digest"]
    assert _sealed(proxy, store) == {frozenset({"ssn"})}
    workers = proxy.workers()
    rules.write_text(rules.read_text().replace("ssn: sealed", "ssn: sealed, mail: sealed"))
    _hup(proxy, "accepted")
    assert _sealed(proxy, store) == {frozenset({"ssn", "mail"})}
    assert proxy.workers() == workers
    assert proxy.readiness()["rules"]["digest"] != digest
    assert proxy.metric(f'sidecar_rules_info{{digest="{proxy.readiness()["rules"]["digest"]}"}}')


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("ssn: sealed", "ssn: seeled"), "did you mean 'sealed'?"),
        (("cmk: ", "cmk: alias/nobody #"), "alias/nobody"),
        (("127.0.0.1:", "localhost:"), "nothing would be sealed"),
        (("version: 1", ""), "'version' is missing"),
    ],
)
def test_rules_that_cannot_be_proved_are_rejected_and_those_before_stay(
    proxy: Running, store: Store, rules: Path, change: tuple[str, str], why: str
) -> None:
    _hup(proxy, "accepted")
    digest = proxy.readiness()["rules"]["digest"]
    right = rules.read_text()
    rules.write_text(right.replace(*change))
    _hup(proxy, "rejected")
    told = proxy.readiness()
    assert told["status"] == "ready"
    assert why in told["rejected"]["why"]
    assert told["rules"]["digest"] == digest
    assert proxy.metric("sidecar_rules_rejected") == 1
    assert "rules rejected, those before stay in force" in proxy.log.read_text()
    assert _sealed(proxy, store) == {frozenset({"ssn"})}
    rules.write_text(right)
    _hup(proxy, "accepted")
    assert "rejected" not in proxy.readiness()
    assert proxy.metric("sidecar_rules_rejected") == 0


@pytest.mark.parametrize("content", [None, "", "version: 1\nrules: []\n", "\x00"])
def test_no_file_is_no_reason_to_have_no_rules(
    proxy: Running, store: Store, rules: Path, content: str | None
) -> None:
    """Deleted, emptied, spoilt: all of them are set off by an accident, or by an attack."""
    if content is None:
        rules.unlink()
    else:
        rules.write_text(content)
    _hup(proxy, "rejected")
    assert _sealed(proxy, store) == {frozenset({"ssn"})}


def test_a_worker_that_is_started_later_has_the_rules_in_force_and_not_the_rejected(
    proxy: Running, store: Store, rules: Path
) -> None:
    rules.write_text("version: 1\nrules: []\n")
    _hup(proxy, "rejected")
    before = proxy.workers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(set(proxy.workers()) - set(before)) == 2)
    assert _sealed(proxy, store) == {frozenset({"ssn"})}


def test_a_change_is_noticed_without_a_signal(proxy: Running, store: Store, rules: Path) -> None:
    rules.write_text(rules.read_text().replace("ssn: sealed", "mail: sealed"))
    until(lambda: _sealed(proxy, store) == {frozenset({"mail"})})


@pytest.fixture
def mounted(tmp_path: Path, rules: Path) -> Path:
    """The rules as Kubernetes mounts a ConfigMap."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    _mount(folder, "one", rules.read_text())
    (folder / "customers.yaml").symlink_to("..data/customers.yaml")
    return folder


@pytest.fixture
def going_by_it(config: Path, mounted: Path) -> Path:
    """The configuration of a proxy that goes by them."""
    own = config.with_name("mounted.yaml")
    own.write_text(config.read_text().replace("rules.yaml", str(mounted)))
    return own


def test_a_configmap_that_is_swapped_is_noticed(
    going_by_it: Path, mounted: Path, store: Store, rules: Path
) -> None:
    """The kubelet writes a new folder and then swaps the link that all files go by."""
    with Running(going_by_it) as proxy:
        assert _sealed(proxy, store) == {frozenset({"ssn"})}
        _mount(mounted, "two", rules.read_text().replace("ssn: sealed", "mail: sealed"))
        until(lambda: _sealed(proxy, store) == {frozenset({"mail"})})


def test_a_mount_that_leads_nowhere_is_no_reason_to_end(
    going_by_it: Path, mounted: Path, store: Store
) -> None:
    """Whatever a reload meets, foreseen or not: what holds goes on holding."""
    with Running(going_by_it) as proxy:
        for target in ("..data", "..absent", "customers.yaml"):
            (mounted / "..new").symlink_to(target)
            (mounted / "..new").rename(mounted / "..data")
            _hup(proxy, "rejected")
            assert _sealed(proxy, store) == {frozenset({"ssn"})}
        assert proxy.readiness()["status"] == "ready"


def test_what_changes_while_the_proxy_starts_is_taken_as_well(
    config: Path, store: Store, rules: Path, kms: RunningKms
) -> None:
    """The first set is proved for a while, and nobody looks at files meanwhile."""
    text = rules.read_text().replace("ssn: sealed", "mail: sealed")
    with Meanwhile(kms.endpoint, lambda: rules.write_text(text)) as endpoint:
        starting = config.with_name("starting.yaml")
        starting.write_text(config.read_text().replace(kms.endpoint, endpoint))
        with Running(starting) as proxy:
            until(lambda: _sealed(proxy, store) == {frozenset({"mail"})})


class Meanwhile(Switchboard):
    """On the way to a KMS; does something when the first call comes."""

    def __init__(self, endpoint: str, something: Callable[[], object]) -> None:
        host, _, port = endpoint.removeprefix("http://").rpartition(":")
        super().__init__((host, int(port)))
        self._something = iter((something,))

    def __enter__(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self, client: socket.socket) -> None:
        for something in self._something:
            something()
        super()._serve(client)


def test_a_message_is_sealed_and_opened_by_the_rules_that_it_began_under(
    proxy: Running, store: Store, rules: Path
) -> None:
    _hup(proxy, "accepted")
    text = rules.read_text()

    def body() -> Iterator[bytes]:
        yield b'{"ssn": "078-05-1120", '
        until(lambda: proxy.metric("sidecar_held_bytes") > 0)
        rules.write_text(text.replace("ssn: sealed", "mail: sealed"))
        _hup(proxy, "accepted")
        yield b'"mail": "ada@example.org"}'

    headers = {"Content-Type": "application/json"}
    answer = httpx.put(f"{proxy.url}/customers/1", headers=headers, content=body(), timeout=60)
    assert answer.json() == RECORD
    kept = store.kept["/customers/1"]
    assert b"078-05-1120" not in kept
    assert b"ada@example.org" in kept
    rules.write_text(text)
    _hup(proxy, "accepted")


def test_a_proxy_ends_while_new_rules_are_being_proved(
    config: Path, rules: Path, kms: RunningKms
) -> None:
    """The KMS hangs, and a reload with it; that must not hold up the end."""
    board = Meanwhile(kms.endpoint, lambda: None)
    with board as endpoint:
        ending = config.with_name("ending.yaml")
        ending.write_text(config.read_text().replace(kms.endpoint, endpoint))
        with Running(ending) as proxy:
            board.behaviour = "hang"
            rules.write_text(rules.read_text() + "# other\n")
            asked = proxy.log.read_text().count("proved suites")
            proxy.process.send_signal(signal.SIGHUP)
            until(lambda: proxy.log.read_text().count("proved suites") > asked)
            proxy.process.send_signal(signal.SIGTERM)
            assert proxy.wait() == 0, proxy.log.read_text()
        assert "rejected" not in proxy.log.read_text()


def _mount(mounted: Path, edition: str, text: str) -> None:
    folder = mounted / f"..{edition}"
    folder.mkdir()
    (folder / "customers.yaml").write_text(text)
    (mounted / "..new").symlink_to(folder.name)
    (mounted / "..new").rename(mounted / "..data")


def test_a_renewed_certificate_is_shown_to_new_clients(
    tmp_path: Path, config: Path, rules: Path
) -> None:
    """And while rules are rejected too, for they must not keep a certificate from its renewal."""
    old, new = (Authority(tmp_path, name) for name in ("old", "new"))
    pair, renewed = old.issue("127.0.0.1", file="old"), new.issue("127.0.0.1", file="new")
    shown = config.with_name("tls.yaml")
    tls = f"tls: {{cert: {pair.cert}, key: {pair.key}}}"
    shown.write_text(config.read_text().replace("'}]", f"', {tls}}}]"))
    with Running(shown) as proxy:
        url = proxy.url.replace("http:", "https:")
        assert httpx.get(f"{url}/x", verify=_trust(old)).status_code == 200
        rules.write_text("version: 1\nrules: []\n")
        pair.cert.write_bytes(renewed.cert.read_bytes())
        pair.key.write_bytes(renewed.key.read_bytes())
        _hup(proxy, "rejected")
        until(lambda: _answers(url, new))


def _trust(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.ca)


def _answers(url: str, authority: Authority) -> bool:
    try:
        return httpx.get(f"{url}/x", verify=_trust(authority)).status_code == 200
    except httpx.ConnectError:
        return False


def test_a_changed_configuration_is_not_taken_and_told_so(proxy: Running, config: Path) -> None:
    text = config.read_text()
    config.write_text(text + "# changed\n")
    until(lambda: "it is not: restart" in proxy.log.read_text())
    config.write_text(text)


def test_the_kms_is_asked_for_the_keys_of_new_rules(
    proxy: Running, store: Store, rules: Path, kms: RunningKms
) -> None:
    key_id = kms.make_key("alias/reloaded")
    text = rules.read_text()
    line = next(line for line in text.splitlines() if "cmk:" in line)
    rules.write_text(text.replace(line, "    cmk: alias/reloaded"))
    _hup(proxy, "accepted")
    assert _sealed(proxy, store) == {frozenset({"ssn"})}
    assert key_id in proxy.log.read_text()


class _SlowToRead:
    """A source of rules that is read for as long as its gate is shut."""

    def __init__(self, source: RuleSource) -> None:
        self.path, self.trust = source.path, source.trust
        self.gate = threading.Event()
        self._source = source

    def read(self) -> Offered:
        if not self.gate.wait(20):
            raise TimeoutError("nobody could open the gate meanwhile")
        return self._source.read()

    def accept(self, offered: Offered) -> None:
        self._source.accept(offered)


class _OneWorker:
    """A fleet that takes whatever it is offered."""

    def __init__(self) -> None:
        self.offered = asyncio.Event()

    async def start(self, _: object, accept: Callable[[], None]) -> None:
        accept()

    async def offer(self, _: object, accept: Callable[[], None]) -> None:
        accept()
        self.offered.set()


async def test_the_loop_goes_on_while_rules_are_read(config: Path) -> None:
    read = read_config(config, config.read_bytes())  # noqa: ASYNC240 - nothing else runs yet
    source: Any = _SlowToRead(read.rules)
    fleet: Any = _OneWorker()
    life = LifeStats()
    reloading = Reloading(dataclasses.replace(read, rules=source), config, fleet, life)
    await reloading.start(read.rules.read(), lambda: None)
    reloads = asyncio.create_task(reloading.run())
    reloading.ask()
    asyncio.get_running_loop().call_later(0.1, source.gate.set)  # by what would have to wait
    async with asyncio.timeout(60):
        await fleet.offered.wait()
    assert life.reloads["rejected"] == 0
    reloads.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reloads
