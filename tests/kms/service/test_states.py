# SPDX-License-Identifier: Apache-2.0
"""The documented table of key states, row by row."""

from collections.abc import Callable

import pytest

from sidecar.kms.faults import Fault
from sidecar.kms.service.states import (
    KeyState,
    any_state,
    deleting,
    nameable,
    renameable,
    switchable,
    usable,
)

OK = ""
FAILED = "Rejected.StateModifiedFailed"


@pytest.mark.parametrize(
    ("check", "row"),
    [
        (any_state, (OK, OK, OK, OK)),
        (
            usable,
            (OK, "Rejected.Disabled", "Rejected.PendingDeletion", "Rejected.PendingImport"),
        ),
        (switchable, (OK, OK, FAILED, FAILED)),
        (nameable, (OK, OK, FAILED, OK)),
        (deleting, (FAILED, FAILED, OK, FAILED)),
        (renameable, (OK, OK, "Rejected.PendingDeletion", OK)),
    ],
)
def test_each_call_is_refused_in_the_states_that_the_table_names(
    check: Callable[[str], None], row: tuple[str, ...]
) -> None:
    for state, code in zip(KeyState, row, strict=True):
        if code == OK:
            check(state)
        else:
            with pytest.raises(Fault) as caught:
                check(state)
            assert (caught.value.http_status, caught.value.fault_code) == (409, code)
