# SPDX-License-Identifier: Apache-2.0
"""A secret is read from a closed file, and no complaint repeats it."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.kms.secret_file import read_secret


def secret_file(tmp_path: Path, data: bytes, mode: int = 0o600) -> Path:
    path = tmp_path / "sidecar.secret"
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440, 0o640])
def test_a_file_closed_to_others_is_read(tmp_path: Path, mode: int) -> None:
    assert read_secret(secret_file(tmp_path, b"s3cret+/=\n", mode)) == "s3cret+/="


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o660, 0o620, 0o650])
def test_a_file_that_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(Misconfigured, match="is open to others; run: chmod 600"):
        read_secret(secret_file(tmp_path, b"s3cret", mode))


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"canary and more", b"canary\n\n", b"\xffcanary", b"canary\0", b"c" * 129]
)
def test_a_file_that_holds_anything_but_one_secret_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Misconfigured, match="expected one secret of 1 to 128") as caught:
        read_secret(secret_file(tmp_path, data))
    assert "canary" not in caught.value.why


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        read_secret(tmp_path / "absent")
    with pytest.raises(Misconfigured, match="Is a directory"):
        read_secret(tmp_path)
