# SPDX-License-Identifier: Apache-2.0
"""A KMS core is made whole, made private, and made once."""

import stat
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.kms.config import load_kms_config
from sidecar.kms.installation import make


def test_what_is_made_can_be_read_and_by_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "kms"
    made = make(directory)
    assert made is not None
    config = load_kms_config(directory / "kms.yaml")
    (account,) = config.accounts
    (user,) = account.users
    (key,) = user.access_keys
    assert (key.id, key.secret) == (made.access_key_id, made.access_key_secret)
    assert (account.id, config.region) == (made.account_id, made.region)
    assert made.endpoint == f"http://{config.listen_host}:{config.listen_port}"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for name in ("kms.yaml", "credentials.json", "sidecar.secret", "kms.db"):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    first, second = make(tmp_path / "first"), make(tmp_path / "second")
    assert first is not None
    assert second is not None
    assert first.access_key_id != second.access_key_id
    assert first.access_key_secret != second.access_key_secret


def test_one_that_was_begun_is_finished(tmp_path: Path) -> None:
    """As a crash leaves it before the configuration is written."""
    make(tmp_path)
    (tmp_path / "kms.yaml").unlink()
    (tmp_path / "credentials.json").unlink()
    (tmp_path / "credentials.json.draft").write_text("half")
    made = make(tmp_path)
    assert made is not None
    assert made.access_key_secret in (tmp_path / "sidecar.secret").read_text()
    assert make(tmp_path) is None


def test_a_token_that_was_begun_is_told(tmp_path: Path) -> None:
    (tmp_path / "hsm").mkdir()
    with pytest.raises(Misconfigured, match="the HSM cannot be used"):
        make(tmp_path)
    assert not (tmp_path / "kms.yaml").exists()
