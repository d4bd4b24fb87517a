# SPDX-License-Identifier: Apache-2.0
"""A reader of `sidecar.yaml` in a folder with the files that it may name."""

import json
from pathlib import Path

import pytest

from sidecar.config import Config, load_config
from tests.config.documents import CREDENTIALS


@pytest.fixture
def load(tmp_path: Path):
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    (tmp_path / "credentials.json").touch(mode=0o600)
    (tmp_path / "credentials.json").write_text(json.dumps(CREDENTIALS))

    def load(text: str) -> Config:
        (tmp_path / "sidecar.yaml").write_text(text)
        return load_config(tmp_path / "sidecar.yaml")

    return load
