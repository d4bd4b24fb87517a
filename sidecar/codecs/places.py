# SPDX-License-Identifier: Apache-2.0
"""How much of one body is looked at, because all other messages wait meanwhile."""

from sidecar.errors import TooLarge

MAX_PLACES = 32768
"""List elements, lines, sites and names that were compared with a rule's. A body of the usual limit
could hold a million."""
SPARE_PLACES = MAX_PLACES // 64
"""Left free in requests, so that an answer may have more around what was written (law 7)."""


def check_places(places: int) -> None:
    """Raise TooLarge where a body has more places to look at than one message may."""
    if places > MAX_PLACES:
        raise TooLarge(
            f"a body with more than {MAX_PLACES} list elements, lines, values to seal and new "
            "names, of which long ones count as several"
        )
