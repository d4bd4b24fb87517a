# SPDX-License-Identifier: Apache-2.0
"""A proxy with a trust key takes what was signed and nothing else, and never goes back."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from sidecar.cli import cli
from tests.cli.installed import Running, write
from tests.fixtures.command import sidecar
from tests.fixtures.kms import RunningKms

STORE = "127.0.0.1:9"  # nothing is sent there


@pytest.fixture(scope="module")
def cmk(kms: RunningKms) -> str:
    kms.make_key("alias/signed")
    return "alias/signed"


@pytest.fixture
def config(tmp_path: Path, kms: RunningKms, cmk: str) -> Path:
    """A proxy whose rules are signed, as version 1."""
    elsewhere = f"{{credentials_file: {kms.credentials_file}, endpoint: '{kms.endpoint}'}}"
    config = write(tmp_path, STORE, cmk, elsewhere)
    trusting = "rules: {path: rules.yaml, trust: rules.pub, state: rules.state}"
    config.write_text(config.read_text().replace("rules: rules.yaml", trusting))
    command("keygen", "--key", tmp_path / "rules.key", "--trust", tmp_path / "rules.pub")
    sign(config)
    return config


def command(*arguments: str | Path) -> None:
    done = CliRunner().invoke(cli, ["rules", *map(str, arguments)])
    assert done.exit_code == 0, done.output


def sign(config: Path) -> None:
    command("sign", config.with_name("rules.yaml"), "--key", config.with_name("rules.key"))


def refusal(config: Path) -> str:
    """Why the proxy does not start; all it says is one sentence."""
    done = sidecar("run", "-c", config)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr.splitlines()[-1]


def edit(config: Path) -> None:
    rules = config.with_name("rules.yaml")
    rules.write_text(rules.read_text().replace("ssn: sealed", "nothing: sealed"))


def test_what_was_signed_serves_and_is_remembered(config: Path) -> None:
    state = config.with_name("rules.state")
    with Running(config):
        assert "\nversion 1\n" in state.read_text()
    old = {name: config.with_name(name).read_bytes() for name in ("rules.yaml", "rules.yaml.sig")}
    edit(config)
    sign(config)
    with Running(config):
        assert "\nversion 2\n" in state.read_text()

    for name, data in old.items():  # the attack: what was signed once is played again
        config.with_name(name).write_bytes(data)
    assert "version 1 is older than 2, which held already" in refusal(config)


def test_what_was_not_signed_does_not_serve(config: Path) -> None:
    edit(config)
    assert "not the files that were signed: altered: rules.yaml" in refusal(config)
    config.with_name("rules.yaml.sig").unlink()
    assert "rules.yaml: not signed" in refusal(config)
    assert not config.with_name("rules.state").exists()


def test_a_reload_takes_what_was_signed_and_nothing_else(config: Path) -> None:
    state = config.with_name("rules.state")
    with Running(config) as proxy:
        edit(config)
        detail = reload(proxy, lambda detail: detail.get("rejected"))
        assert "altered: rules.yaml" in detail["rejected"]["why"]
        assert detail["rules"]["version"] == 1
        assert "\nversion 1\n" in state.read_text()

        sign(config)
        detail = reload(proxy, lambda detail: not detail.get("rejected"))
        assert detail["rules"]["version"] == 2
        assert "\nversion 2\n" in state.read_text()


def reload(proxy: Running, done: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Ask for a reload, and what /readyz tells once it is `done`."""
    proxy.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        answer = httpx.get(f"{proxy.admin}/readyz")
        assert answer.status_code == 200  # what held before goes on serving
        detail: dict[str, Any] = answer.json()
        if done(detail):
            return detail
        time.sleep(0.05)
    raise AssertionError("not reloaded")


def test_a_check_remembers_nothing(config: Path) -> None:
    done = sidecar("run", "-c", config, "--check")
    assert done.returncode == 0, done.stderr
    assert not config.with_name("rules.state").exists()
