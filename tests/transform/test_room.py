# SPDX-License-Identifier: Apache-2.0
"""Room is taken for the time of a block, and given back however that ends."""

import pytest

from sidecar.errors import Overloaded
from sidecar.transform.room import Room


def test_room_is_taken_and_given_back() -> None:
    room = Room(10)
    with room.taken(6), room.taken(4), pytest.raises(Overloaded), room.taken(1):
        pass
    with pytest.raises(KeyError), room.taken(10):
        raise KeyError
    with room.taken(10):
        pass
