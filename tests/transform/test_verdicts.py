# SPDX-License-Identifier: Apache-2.0
"""Verdicts are values that print nothing of the message they are about."""

import pytest

from sidecar.message import ResponseHead
from sidecar.transform import Hold, Opened, Sealed
from tests.transform.rig import Rig, held, request


async def test_a_hold_does_not_change(rig: Rig) -> None:
    hold = held(rig.transform())
    assert isinstance(hold, Hold)
    with pytest.raises(AttributeError):
        hold.tenant = "globex"  # type: ignore[misc]


async def test_no_verdict_prints_its_message(rig: Rig) -> None:
    head = request("/customers/CANARY?email=CANARY")
    answer = ResponseHead(200, b"CANARY", ())
    bare = Hold(head, 1, observes=True)
    verdicts = [
        bare,
        held(rig.transform(), head),
        Sealed(head, b"CANARY"),
        Opened(answer, b"CANARY"),
    ]
    assert "CANARY" not in repr(verdicts)
