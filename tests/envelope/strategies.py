# SPDX-License-Identifier: Apache-2.0
"""What the property tests of this package draw from."""

from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st

from sidecar.envelope import SEALING_SUITES, SUITES, Context

MODEST = settings(deadline=None, max_examples=60)
"""No deadline: a busy machine is no failure."""

KEY = bytes(range(32))
EDK = b"d03b5576-78af-4aca-8a32-7be23930e277" + bytes(72)
SALT = bytes(range(24))
PLACE = Context("crm", "customers", "ssn", "acme", "42")
CONTEXT = PLACE.encode()
WORDING = "a sealed value does not open at this place"

sealing_suites = st.sampled_from(sorted(SEALING_SUITES.values()))
chunked_suites = sealing_suites.map(lambda suite: SUITES[suite])
keys = st.binary(min_size=32, max_size=32)
salts = st.binary(min_size=24, max_size=24)
edks = st.binary(min_size=1, max_size=4096)
members = st.text(max_size=12)
contexts = st.builds(Context, members, members, members, members, members)
lengths = st.one_of(
    st.integers(0, 70_000),
    st.sampled_from([0, 1, 16383, 16384, 16385, 32767, 32768, 32769, 49152]),
)


def counting(length: int) -> bytes:
    return bytes(range(251)) * (length // 251) + bytes(range(length % 251))


plaintexts = st.one_of(st.binary(max_size=100), lengths.map(counting))


def pieces(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """`data` cut at any places, empty pieces included."""

    def cut(places: list[int]) -> list[bytes]:
        edges = [0, *sorted(places), len(data)]
        return [data[start:stop] for start, stop in pairwise(edges)]

    return st.lists(st.integers(0, len(data)), max_size=12).map(cut)
