# SPDX-License-Identifier: Apache-2.0
"""How intervals are written, and what is told of a CMK that rotates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.kms.faults import Fault
from sidecar.kms.service.rotation import (
    DAY,
    MAX_INTERVAL,
    MIN_INTERVAL,
    automatic_rotation,
    check_rotates,
    next_rotation,
    read_interval,
)
from sidecar.kms.service.specs import ALIYUN, EXTERNAL, SPECS, Spec
from sidecar.kms.store import Cmk

UNITS = {"d": DAY, "h": 3600, "m": 60, "s": 1}


@pytest.mark.parametrize(
    ("text", "days"), [("7d", 7), ("168h", 7), ("10080m", 7), ("604800s", 7), ("730d", 730)]
)
def test_an_interval_has_a_unit(text: str, days: int) -> None:
    assert read_interval(text) == days * DAY


@given(st.integers(0, 10**9), st.sampled_from(sorted(UNITS)))
def test_an_interval_is_read_exactly_where_it_is_allowed(count: int, unit: str) -> None:
    seconds = count * UNITS[unit]
    if MIN_INTERVAL <= seconds <= MAX_INTERVAL:
        assert read_interval(f"{count}{unit}") == seconds
    else:
        with pytest.raises(ValueError):  # noqa: PT011 - readers say no more
            read_interval(f"{count}{unit}")


@given(st.text(max_size=12))
def test_any_other_text_is_no_interval(text: str) -> None:
    try:
        seconds = read_interval(text)
    except ValueError:
        return
    assert text[:-1].isascii()
    assert text[:-1].isdigit()
    assert seconds == int(text[:-1]) * UNITS[text[-1]]


@pytest.mark.parametrize(
    ("state", "interval", "told"),
    [
        ("Enabled", None, "Disabled"),
        ("Enabled", DAY, "Enabled"),
        ("Disabled", DAY, "Suspended"),
        ("PendingDeletion", DAY, "Suspended"),
    ],
)
def test_rotation_is_suspended_while_a_cmk_is_not_enabled(
    state: str, interval: int | None, told: str
) -> None:
    cmk = Cmk(
        *(
            "k",
            "1",
            "r",
            "1",
            "",
            "Aliyun_AES_256",
            "ENCRYPT/DECRYPT",
            ALIYUN,
            "HSM",
            state,
            "v",
            5,
        ),
        rotated_at=7,
        rotation_interval=interval,
    )
    assert automatic_rotation(cmk) == told
    assert next_rotation(cmk) == (None if interval is None else 7 + interval)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_symmetric_material_of_our_own_making_rotates_by_itself(spec: Spec) -> None:
    if spec.is_symmetric:
        check_rotates(spec.name, ALIYUN)
    else:
        with pytest.raises(Fault, match="not supported"):
            check_rotates(spec.name, ALIYUN)
    with pytest.raises(Fault, match="origin"):
        check_rotates(spec.name, EXTERNAL)
