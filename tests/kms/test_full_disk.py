# SPDX-License-Identifier: Apache-2.0
"""A disk that is full: what cannot be recorded is refused, and what was answered is kept."""

import resource
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from sidecar.cli.kms_client import Refusal
from sidecar.kms.audit import verify
from sidecar.kms.store import Database
from tests.fixtures.kms import RunningKms
from tests.kms.refusals import told

ROOM = 64 * 1024
"""Bytes by which a file of the server may still grow; a call writes a few pages."""


def limit_files(pid: int, size: int) -> None:
    """No file of the process may be longer: the system says so as it does of a full disk."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def test_calls_are_refused_while_the_disk_is_full_and_none_that_was_answered_is_lost(
    make_kms: Callable[[], RunningKms],
) -> None:
    kms = make_kms()
    kms.start()
    key_id = kms.make_key()
    longest = max(path.stat().st_size for path in kms.directory.glob("kms.db*"))
    limit_files(kms.pid, longest + ROOM)
    made: list[dict[str, Any]] = []

    def make_until_refused() -> None:
        while True:
            made.append(kms.call("GenerateDataKey", KeyId=key_id))

    with pytest.raises(Refusal) as caught:
        make_until_refused()
    assert told(caught.value.answer) == (503, "ServiceUnavailableTemporary")
    limit_files(kms.pid, resource.RLIM_INFINITY)
    made.append(kms.call("GenerateDataKey", KeyId=key_id))
    for one in made:
        opened = kms.call("Decrypt", CiphertextBlob=one["CiphertextBlob"])
        assert opened["Plaintext"] == one["Plaintext"]
    kms.stop()
    database = Database.sqlite(kms.directory / "kms.db")
    with closing(database), database.snapshot() as connection:
        count = connection.exec_driver_sql(
            "SELECT count(*) FROM audit_record WHERE record LIKE '%\"GenerateDataKey\"%'"
        )
        assert count.scalar_one() == len(made)
        verify(connection)
