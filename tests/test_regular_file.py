# SPDX-License-Identifier: Apache-2.0
"""What is no regular file is refused at once by everybody who opens what a configuration names."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.client_tls import ClientTls
from sidecar.errors import Misconfigured, SidecarError
from sidecar.hsm.pin import PinFile
from sidecar.kms.audit.exporting.sink import trusting
from sidecar.private_file import read_private
from sidecar.proxy.pem import read_certificates
from sidecar.regular_file import open_regular, read_regular
from sidecar.strict_yaml import read_bytes

OPENERS: list[Callable[[Path], object]] = [
    read_bytes,
    read_private,
    read_certificates,
    trusting,
    lambda path: PinFile(path).read(),
    lambda path: ClientTls(ca=path).context(),
]


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Nobody writes to it, ever."""
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    return path


def test_a_file_is_read_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link") == b"content"


@pytest.mark.parametrize("path", [Path("/dev/zero"), Path("/dev/tty"), Path("/")])
def test_devices_and_folders_are_none(path: Path) -> None:
    with pytest.raises(OSError, match=r"not a regular file|Is a directory|No such device"):
        open_regular(path)


def test_a_socket_is_none(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match="No such device or address"):
            open_regular(tmp_path / "socket")


@pytest.mark.parametrize("opener", OPENERS)
def test_nobody_waits_for_a_pipe_s_writer(opener: Callable[[Path], object], pipe: Path) -> None:
    with pytest.raises(SidecarError) as caught:
        opener(pipe)
    assert str(pipe) in caught.value.why


def test_rules_that_come_out_of_a_device_are_refused_in_one_line() -> None:
    with pytest.raises(Misconfigured) as caught:
        read_bytes(Path("/dev/zero"))
    assert caught.value.why == "/dev/zero: cannot be read: not a regular file"
