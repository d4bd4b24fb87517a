# SPDX-License-Identifier: Apache-2.0
"""What may be done with a certificate in which status."""

import pytest

from sidecar.kms.faults import Fault
from sidecar.kms.service.certificates.statuses import (
    SETTABLE,
    Status,
    awaiting,
    settable,
    usable,
    verifiable,
)

ALLOWED = {
    usable: {Status.ACTIVE},
    verifiable: {Status.ACTIVE, Status.REVOKED},
    awaiting: {Status.PENDING},
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("check", ALLOWED)
def test_uses(check: object, status: Status) -> None:
    assert callable(check)
    if status in ALLOWED[check]:
        check(status)
        return
    with pytest.raises(Fault) as caught:
        check(status)
    assert (caught.value.http_status, caught.value.fault_code) == (409, f"Rejected.{status}")


@pytest.mark.parametrize("new", SETTABLE)
@pytest.mark.parametrize("status", Status)
def test_changes(status: Status, new: Status) -> None:
    if status in (Status.ACTIVE, Status.INACTIVE) or status == new == Status.REVOKED:
        settable(status, new)
        return
    with pytest.raises(Fault) as caught:
        settable(status, new)
    assert caught.value.fault_code == "Rejected.StateModifiedFailed"
