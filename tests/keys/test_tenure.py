# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import CannotOpen, KeyUnavailable
from sidecar.keys import KeyDenied, KeyLimits
from sidecar.keys.tenure import Tenure, Verdict

LIMITS = KeyLimits()
AWAY, DENIED, GONE = KeyUnavailable("away"), KeyDenied("no"), CannotOpen()
SERVE, GRACE, WAIT, OVER = Verdict.SERVE, Verdict.GRACE, Verdict.WAIT, Verdict.OVER


def tenure() -> Tenure:
    """Refresh at 70, limit at 100, end at 150."""
    return Tenure(LIMITS, 0, 100, 50, 0.7)


@pytest.mark.parametrize(
    ("last", "verdicts"),
    [
        (None, (SERVE, WAIT, WAIT, WAIT, OVER)),
        (AWAY, (SERVE, GRACE, GRACE, GRACE, OVER)),
        (DENIED, (SERVE, OVER, OVER, OVER, OVER)),
        (GONE, (SERVE, OVER, OVER, OVER, OVER)),
    ],
    ids=["not asked", "away", "denied", "gone"],
)
def test_the_table(last: KeyUnavailable | CannotOpen | None, verdicts: tuple[Verdict, ...]) -> None:
    key = tenure()
    if last is not None:
        key.renewal_failed(90, last, 0)
    assert key.has_failed == (last is not None)
    assert (
        key.verdict(99),
        key.verdict(99, is_spent=True),
        key.verdict(100),
        key.verdict(149),
        key.verdict(150),
    ) == verdicts


def test_a_kms_that_was_asked_in_time_and_is_silent_is_absent() -> None:
    key = tenure()
    key.renewal_asked()
    assert (key.verdict(99), key.verdict(100), key.verdict(150)) == (SERVE, GRACE, OVER)
    key.renewal_failed(120, DENIED, 0)
    assert key.verdict(121) is OVER


def test_an_outage_does_not_lift_a_denial() -> None:
    """The attack: keep the KMS away after the CMK was disabled, and seal on in grace."""
    key = tenure()
    key.renewal_failed(90, AWAY, 0)
    assert key.verdict(100) is GRACE
    key.renewal_failed(101, DENIED, 0)
    key.renewal_failed(102, AWAY, 0)
    assert key.verdict(103) is OVER


@given(jitter=st.floats(0, 1, exclude_max=True), failures=st.integers(1, 2000))
def test_pauses_double_up_to_a_bound(jitter: float, failures: int) -> None:
    key = tenure()
    for _ in range(failures):
        key.renewal_failed(1000, AWAY, jitter)
    pause = min(LIMITS.retry_most, LIMITS.retry_first * 2 ** min(failures - 1, 16))
    assert not key.is_due(1000 + pause / 2 - 0.001)
    assert key.is_due(1000 + pause)


def test_a_key_that_has_not_failed_is_due_at_once() -> None:
    assert tenure().is_due(0)
