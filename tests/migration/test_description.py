# SPDX-License-Identifier: Apache-2.0
"""What a description may say is what the command's help tells."""

from sidecar.migration import description
from tests.migration.descriptions import WHOLE


def test_the_help_tells_every_word_of_it() -> None:
    told = description.__doc__ or ""
    for line in WHOLE.splitlines():
        assert line.strip().partition(":")[0].strip("{' ") in told
