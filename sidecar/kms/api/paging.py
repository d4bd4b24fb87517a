# SPDX-License-Identifier: Apache-2.0
"""PageNumber and PageSize: how lists are cut."""

from collections.abc import Sequence

from sidecar.kms.api.action import Answer, Call
from sidecar.kms.api.parameters import Parameter, integer

MAX_PAGE = 2**31 - 1
DEFAULT_SIZE = 10

PAGE_NUMBER = Parameter("PageNumber", integer(1, MAX_PAGE), default=1, audited=True)


def page_size(low: int, high: int) -> Parameter[int]:
    """The PageSize of an action; the bounds differ."""
    return Parameter("PageSize", integer(low, high), default=DEFAULT_SIZE, audited=True)


def offset(call: Call, size: Parameter[int]) -> int:
    """How many entries stand before the page."""
    return (call[PAGE_NUMBER] - 1) * call[size]


def page(
    call: Call, size: Parameter[int], total: int, names: tuple[str, str], entries: Sequence[object]
) -> Answer:
    """The answer that carries a page: `{"Keys": {"Key": [...]}, "PageNumber": ...}`."""
    outer, inner = names
    return {
        outer: {inner: list(entries)},
        "PageNumber": call[PAGE_NUMBER],
        "PageSize": call[size],
        "TotalCount": total,
    }
