# SPDX-License-Identifier: Apache-2.0
"""Calls that are refused: what the caller was told, and what was recorded."""

import json
from typing import Any

import pytest

from sidecar.cli.kms_client import Refusal
from sidecar.kms.audit import tail
from sidecar.kms.store import Database
from tests.fixtures.kms import RunningKms


def refusal(kms: RunningKms, action: str, **parameters: str) -> dict[str, Any]:
    with pytest.raises(Refusal) as caught:
        kms.call(action, **parameters)
    return caught.value.answer


def told(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["HttpStatus"], answer["Code"]


def last_record(kms: RunningKms) -> dict[str, Any]:
    """That of the last call; checkpoints come when they like."""
    database = Database.sqlite(kms.directory / "kms.db")
    with database.snapshot() as connection:
        records = [json.loads(link.record) for link in tail(connection, 5)]
    database.close()
    called: list[dict[str, Any]] = [one for one in records if one["eventType"] == "ApiCall"]
    return called[-1]
