# SPDX-License-Identifier: Apache-2.0
"""PINs: read from private files or the environment, shown nowhere."""

import pickle
from pathlib import Path

import pytest

from sidecar.hsm import HsmUnavailable
from sidecar.hsm.pin import Pin, PinFile, PinVariable


def _file(folder: Path, data: bytes, mode: int = 0o600) -> PinFile:
    path = folder / "pin"
    path.write_bytes(data)
    path.chmod(mode)
    return PinFile(path)


@pytest.mark.parametrize("data", [b"1234 pin", b"1234 pin\n", b"1234 pin\r\n"])
def test_one_line_end_is_not_part_of_a_pin(tmp_path: Path, data: bytes) -> None:
    assert _file(tmp_path, data).read().reveal() == "1234 pin"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_file_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(HsmUnavailable, match="chmod 600"):
        _file(tmp_path, b"1234", mode).read()


@pytest.mark.parametrize("data", [b"", b"\n", b"12\n34", b"\xff", b"x" * 256], ids=repr)
def test_what_is_no_pin_is_refused_and_not_repeated(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(HsmUnavailable, match="does not hold one PIN") as caught:
        _file(tmp_path, data).read()
    assert "34" not in caught.value.why.replace(str(tmp_path), "")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HsmUnavailable, match="no PIN to be read"):
        PinFile(tmp_path / "absent").read()
    with pytest.raises(HsmUnavailable):
        PinFile(tmp_path).read()


def test_a_variable_is_read_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    source = PinVariable("TEST_OF_A_PIN")
    with pytest.raises(HsmUnavailable, match="TEST_OF_A_PIN is not set"):
        source.read()
    monkeypatch.setenv("TEST_OF_A_PIN", "5678")
    assert source.read() == Pin("5678")


def test_a_pin_shows_itself_nowhere() -> None:
    pin = Pin("SECRET")
    assert "SECRET" not in f"{pin!r} {pin} {[pin]}"
    with pytest.raises(TypeError):
        pickle.dumps(pin)
