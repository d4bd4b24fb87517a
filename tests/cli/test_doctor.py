# SPDX-License-Identifier: Apache-2.0
"""The doctor finds every link whole, or tells which is broken and what to do."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.installed import write
from tests.fixtures.command import sidecar
from tests.fixtures.kms import RunningKms


@pytest.fixture
def store() -> Iterator[str]:
    """Something that accepts connections; nothing is to be sent to it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def _elsewhere(kms: RunningKms) -> str:
    return f"{{credentials_file: {kms.credentials_file}, endpoint: '{kms.endpoint}'}}"


def _findings(config: Path) -> tuple[int, dict[str, tuple[bool, str]]]:
    done = sidecar("doctor", "-c", config, "--json")
    report = json.loads(done.stdout)
    assert report["passed"] == (done.returncode == 0), done.stderr
    found = {each["name"]: (each["passed"], each["detail"]) for each in report["findings"]}
    return done.returncode, found


def test_a_whole_chain_is_told_link_by_link(tmp_path: Path, store: str, kms: RunningKms) -> None:
    key_id = kms.make_key("alias/doctor")
    config = write(tmp_path, store, "alias/doctor", _elsewhere(kms))
    done = sidecar("doctor", "-c", config)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "✓ configuration",
        "✓ rules",
        "✓ KMS",
        "✓ KMS connection",
        "✓ listeners and certificates",
        "✓ suites",
        "✓ CMK alias/doctor",
        "✓ upstream",
        "✓ canary under alias/doctor",
        "everything holds",
    ]
    assert key_id in done.stdout
    assert "without the canary in them" in lines[-2]


def test_nothing_is_sent_to_a_store(tmp_path: Path, kms: RunningKms) -> None:
    kms.make_key("alias/doctor-silent")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        store = f"127.0.0.1:{listening.getsockname()[1]}"
        config = write(tmp_path, store, "alias/doctor-silent", _elsewhere(kms))
        assert sidecar("doctor", "-c", config).returncode == 0
        connection, _ = listening.accept()
        with connection:
            assert connection.recv(1) == b""
        listening.settimeout(0)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_a_missing_cmk_is_told_and_the_rest_is_still_examined(
    tmp_path: Path, store: str, kms: RunningKms
) -> None:
    code, found = _findings(write(tmp_path, store, "alias/nobody", _elsewhere(kms)))
    assert code == 1
    passed, detail = found["CMK alias/nobody"]
    assert not passed
    assert detail.startswith("cannot be used: ")
    how = f"sidecar kms call --credentials ADMINISTRATOR.json --endpoint {kms.endpoint}"
    assert f"\n  {how} CreateAlias AliasName=alias/nobody KeyId=…" in detail
    assert found["canary under alias/nobody"] == (
        False,
        "the write was refused: HTTP 503, key_unavailable",
    )
    assert found["upstream"][0]
    assert found["suites"][0]


def test_a_store_that_is_away_is_told(tmp_path: Path, kms: RunningKms) -> None:
    kms.make_key("alias/doctor-away")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        store = f"127.0.0.1:{listening.getsockname()[1]}"
    _, found = _findings(write(tmp_path, store, "alias/doctor-away", _elsewhere(kms)))
    assert [name for name, (passed, _) in found.items() if not passed] == ["upstream"]
    assert f"{store} cannot be reached" in found["upstream"][1]


@pytest.mark.parametrize(
    ("file", "old", "new", "broken", "why"),
    [
        ("sidecar.yaml", "rules: ", "rulez: ", "configuration", "'rules' is missing"),
        ("rules.yaml", "sealed", "seeled", "rules", "did you mean 'sealed'?"),
    ],
)
def test_what_needs_a_broken_link_is_not_tried(  # noqa: PLR0917
    tmp_path: Path,
    store: str,
    kms: RunningKms,
    file: str,
    old: str,
    new: str,
    broken: str,
    why: str,
) -> None:
    config = write(tmp_path, store, "alias/any", _elsewhere(kms))
    spoilt = (tmp_path / file).read_text().replace(old, new)
    (tmp_path / file).write_text(spoilt)
    code, found = _findings(config)
    assert code == 1
    name, (passed, detail) = list(found.items())[-1]
    assert (name, passed) == (broken, False)
    assert why in detail
