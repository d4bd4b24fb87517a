# SPDX-License-Identifier: Apache-2.0
"""By which family a request is held to be signed."""

import pytest

from sidecar.signing import verify
from sidecar.signing.failures import UnsupportedMethod
from tests.signing.family import FAMILIES, KEY, NOW, Family, find_secret


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_each_request_by_its_own(family: Family) -> None:
    assert verify(family.signed(), find_secret, now=NOW).access_key_id == KEY.id


@pytest.mark.parametrize("algorithm", [b"ACS2-HMAC-SHA256", b"acs3-hmac-sha256", b"ACS5-RSA"])
def test_one_that_names_an_unknown_family_is_not_taken_for_v1(algorithm: bytes) -> None:
    request = Family("v1").signed().with_headers((b"authorization", algorithm + b" Credential=x"))
    with pytest.raises(UnsupportedMethod):
        verify(request, find_secret, now=NOW)


def test_what_is_no_signature_of_the_vendor_decides_nothing() -> None:
    request = Family("v1").signed().with_headers((b"authorization", b"Bearer x"))
    assert verify(request, find_secret, now=NOW).access_key_id == KEY.id
