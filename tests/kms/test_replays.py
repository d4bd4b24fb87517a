# SPDX-License-Identifier: Apache-2.0
"""A recorded request is accepted once, however long its thief waits."""

import asyncio
from pathlib import Path

from sidecar.kms.accounts import Account, User
from sidecar.kms.engine import Engine
from sidecar.kms.faults import Fault
from sidecar.kms.request import Received
from sidecar.signing import WINDOW_SECONDS, AccessKey, Request
from tests.kms.ram.inside import NOW, REGION, core
from tests.kms.raw import signed

ADMIN = AccessKey("LTAIadmin", "one")
ACCOUNT = Account("1", (User("admin", "21", ("AliyunKMSFullAccess",), (ADMIN,)),))
MINUTE = 60


def test_a_request_counts_once_even_when_its_clock_was_ahead(tmp_path: Path) -> None:
    """Its time stamp may be one window ahead, and is good for one window after that."""
    with core(tmp_path, ACCOUNT) as inside:
        now = NOW
        engine = Engine([REGION], inside.directory, inside.hsm, inside.database, lambda: now)
        ahead = signed("ListKeys", key=ADMIN, now=NOW + WINDOW_SECONDS, nonce="recorded")
        assert refused(engine, ahead) is None
        for now in range(NOW, NOW + 3 * WINDOW_SECONDS, 5 * MINUTE):
            other = signed("ListKeys", key=ADMIN, now=now, nonce=f"{now}")
            assert refused(engine, other) is None  # with which old nonces are forgotten
            late = now > NOW + 2 * WINDOW_SECONDS
            expected = "InvalidTimeStamp.Expired" if late else "SignatureNonceUsed"
            assert refused(engine, ahead) == expected


def test_a_clock_that_is_set_back_lets_nothing_in_that_was_forgotten(tmp_path: Path) -> None:
    with core(tmp_path, ACCOUNT) as inside:
        now = NOW
        engine = Engine([REGION], inside.directory, inside.hsm, inside.database, lambda: now)
        recorded = signed("ListKeys", key=ADMIN, now=NOW, nonce="recorded")
        assert refused(engine, recorded) is None
        for now in range(NOW, NOW + 4 * WINDOW_SECONDS, 5 * MINUTE):
            other = signed("ListKeys", key=ADMIN, now=now, nonce=f"{now}")
            assert refused(engine, other) is None
        now = NOW
        assert refused(engine, recorded) == "InvalidTimeStamp.Expired"


def test_a_clock_that_was_ahead_for_a_while_is_set_right_and_refuses_replays_alone(
    tmp_path: Path,
) -> None:
    with core(tmp_path, ACCOUNT) as inside:
        now = NOW
        engine = Engine([REGION], inside.directory, inside.hsm, inside.database, lambda: now)
        recorded = signed("ListKeys", key=ADMIN, now=NOW, nonce="recorded")
        assert refused(engine, recorded) is None
        for now in (NOW + 480 * MINUTE, NOW + MINUTE, NOW + 40 * MINUTE):
            other = signed("ListKeys", key=ADMIN, now=now, nonce=f"{now}")
            assert refused(engine, other) is None
            assert refused(engine, other) == "SignatureNonceUsed"
        now = NOW + MINUTE
        assert refused(engine, recorded) == "InvalidTimeStamp.Expired"


def refused(engine: Engine, request: Request) -> str | None:
    """As what the request is refused; None where it is answered."""
    sent = Received(
        "r",
        request.method,
        request.target.encode(),
        request.headers,
        b"",
        "kms",
        "",
        is_secure=True,
    )
    try:
        asyncio.run(engine.call(sent))
    except Fault as fault:
        return fault.fault_code
    return None
