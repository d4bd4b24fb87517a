# SPDX-License-Identifier: Apache-2.0
"""Calls are counted by account and kind, within a second."""

import pytest

from sidecar.kms.api.actions import ACTIONS
from sidecar.kms.faults import Fault
from sidecar.kms.limits import Rate, Rates, Throttle


def refuses(throttle: Throttle, account: str, rate: Rate, limit: int | None, now: int) -> bool:
    try:
        throttle.admit(account, rate, limit, now)
    except Fault as fault:
        return (fault.http_status, fault.fault_code) == (429, "Rejected.Throttling")
    return False


def test_so_many_calls_a_second_and_no_more() -> None:
    throttle = Throttle()
    asked = [refuses(throttle, "1", Rate.READ, 3, 100) for _ in range(5)]
    assert asked == [False, False, False, True, True]
    assert not refuses(throttle, "1", Rate.READ, 3, 101)


def test_accounts_and_kinds_do_not_take_from_each_other() -> None:
    throttle = Throttle()
    assert not refuses(throttle, "1", Rate.READ, 1, 100)
    assert not refuses(throttle, "2", Rate.READ, 1, 100)
    assert not refuses(throttle, "1", Rate.WRITE, 1, 100)
    assert refuses(throttle, "1", Rate.READ, 1, 100)


def test_without_a_limit_nothing_is_refused() -> None:
    throttle = Throttle()
    assert not any(refuses(throttle, "1", Rate.SYMMETRIC, None, 100) for _ in range(10_000))


def test_every_rate_has_its_limit() -> None:
    assert [Rates(1, 2, 3, 4).of(rate) for rate in Rate] == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ACTIONS)
def test_what_uses_material_is_counted_as_that(name: str) -> None:
    """The vendor counts cryptography apart; an action that asks for an enabled key uses one."""
    uses = ("Encrypt", "Decrypt", "GenerateDataKey", "Sign", "Verify", "Mac", "ReEncrypt", "Export")
    if any(word in name for word in uses):
        assert ACTIONS[name].rate in (Rate.SYMMETRIC, Rate.ASYMMETRIC)
    else:
        assert ACTIONS[name].rate in (Rate.READ, Rate.WRITE)
