# SPDX-License-Identifier: Apache-2.0
"""Formats and operations: each works, or the format says why there is none."""

import pytest

from tests.formats.format import Format
from tests.formats.operations import OPERATIONS, Operation, stage
from tests.formats.table import FORMATS

CASES = [
    pytest.param(each, operation, id=f"{each.name}-{name}")
    for each in FORMATS.values()
    for name, operation in OPERATIONS.items()
    if name not in each.lacks
]


@pytest.mark.parametrize(("format_", "operation"), CASES)
async def test_an_operation_works_in_a_format(format_: Format, operation: Operation) -> None:
    async with stage(format_) as found:
        await operation(found)


def test_a_format_lacks_only_what_there_is() -> None:
    for each in FORMATS.values():
        assert set(each.lacks) <= set(OPERATIONS)
