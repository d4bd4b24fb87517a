# SPDX-License-Identifier: Apache-2.0
"""A key is found by its id, and is missing only where that is proven."""

from collections.abc import Iterator

import pytest

from sidecar.hsm import KeyMissing, Pkcs11Uri, making
from sidecar.hsm.lookup import AnchorMissing, Lookup
from sidecar.hsm.reserved import ANCHOR_ID, ROOT_ID

KEY = b"a-key"


@pytest.fixture
def lookup(token_uri: Pkcs11Uri) -> Iterator[Lookup]:
    lookup = Lookup(token_uri)
    making.aes(KEY, "a key", 256)(lookup.session)
    yield lookup
    lookup.close()


def test_all_keys_are_told_the_reserved_ones_as_well(lookup: Lookup) -> None:
    assert sorted(lookup.ids()) == [KEY, ANCHOR_ID, ROOT_ID]


def test_what_was_found_is_remembered_until_it_is_forgotten(lookup: Lookup) -> None:
    found = lookup.find(KEY)
    assert lookup.find(KEY) is found
    lookup.forget_key(KEY)
    assert lookup.find(KEY) is not found
    lookup.forget()
    assert not lookup.connection.is_open
    assert lookup.find(KEY) is not found


def test_a_key_is_missing_only_where_the_anchor_is_there(lookup: Lookup) -> None:
    assert lookup.search(b"another") is None
    with pytest.raises(KeyMissing, match=b"another".hex()):
        lookup.find(b"another")
    lookup.find(ANCHOR_ID).destroy()
    with pytest.raises(AnchorMissing):
        lookup.find(b"another")
    with pytest.raises(AnchorMissing):
        lookup.prove_anchor()
    assert lookup.find(KEY) is not None
