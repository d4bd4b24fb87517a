# SPDX-License-Identifier: Apache-2.0
"""What holds for every family: a round trip, and everything that must not verify."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.signing import AccessKey, Request, SignatureFailure, SignatureMismatch
from tests.signing.family import (
    FAMILIES,
    KEY,
    NONCE,
    NOW,
    PARAMETERS,
    Family,
    with_query,
    without_query,
)

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


@each_family
def test_what_is_signed_verifies_with_all_its_facts(family: Family) -> None:
    signed = family.verify(family.signed())
    assert signed.access_key_id == KEY.id
    assert (signed.action, signed.version) == ("Encrypt", "2016-01-20")
    assert dict(signed.parameters) == dict(PARAMETERS)
    assert (signed.nonce, signed.time) == (NONCE, NOW)
    assert signed.security_token is None


@each_family
def test_a_session_token_is_part_of_what_is_signed(family: Family) -> None:
    request = family.sign(family.unsigned(), AccessKey(KEY.id, KEY.secret, "a session token"))
    assert family.verify(request).security_token == "a session token"


@each_family
def test_the_wire_form_verifies(family: Family) -> None:
    request = family.signed()
    wire = Request.from_wire("POST", request.target.encode(), request.headers, b"")
    assert family.verify(wire) == family.verify(request)


@each_family
@pytest.mark.parametrize("name", [name for name, _ in PARAMETERS])
def test_a_changed_or_removed_parameter_does_not_verify(family: Family, name: str) -> None:
    request = family.signed()
    for forged in (with_query(request, name, "forged"), without_query(request, name)):
        with pytest.raises(SignatureMismatch):
            family.verify(forged)


@each_family
def test_an_added_parameter_does_not_verify(family: Family) -> None:
    with pytest.raises(SignatureMismatch):
        family.verify(family.signed().with_query(("DryRun", "true")))


@each_family
def test_another_method_does_not_verify(family: Family) -> None:
    with pytest.raises(SignatureMismatch):
        family.verify(replace(family.signed(), method="GET"))


@each_family
def test_another_path_does_not_verify(family: Family) -> None:
    with pytest.raises(SignatureFailure):
        family.verify(replace(family.signed(), path="/other"))


@each_family
def test_another_secret_does_not_verify(family: Family) -> None:
    request = family.sign(family.unsigned(), AccessKey(KEY.id, "another secret"))
    with pytest.raises(SignatureMismatch) as caught:
        family.verify(request)
    assert caught.value.code == "SignatureDoesNotMatch"
    assert ":" in caught.value.message  # an SDK splits there
    assert "aGVsbG8" not in caught.value.why  # what is logged holds no parameter


@each_family
def test_an_unknown_access_key_is_told_apart(family: Family) -> None:
    request = family.sign(family.unsigned(), AccessKey("LTAIunknown", KEY.secret))
    with pytest.raises(SignatureFailure) as caught:
        family.verify(request)
    assert (caught.value.code, caught.value.status) == ("InvalidAccessKeyId.NotFound", 404)


@each_family
@pytest.mark.parametrize("skew", [-901, 901])
def test_a_clock_that_is_too_far_off_is_refused(family: Family, skew: int) -> None:
    with pytest.raises(SignatureFailure) as caught:
        family.verify(family.signed(), now=NOW + skew)
    assert caught.value.code == "InvalidTimeStamp.Expired"


@each_family
@pytest.mark.parametrize("skew", [-900, 900])
def test_a_clock_within_the_window_is_accepted(family: Family, skew: int) -> None:
    assert family.verify(family.signed(), now=NOW + skew).nonce == NONCE


@each_family
@given(
    parameters=st.dictionaries(
        st.text("abcXYZ.0_-", min_size=1), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_any_text_survives_signing_and_the_wire(family: Family, parameters: dict[str, str]) -> None:
    bare = family.unsigned("Any")
    query = tuple(pair for pair in bare.query if pair not in PARAMETERS)
    taken = {name for name, _ in query}
    pairs = tuple((name, value) for name, value in parameters.items() if name not in taken)
    request = family.sign(replace(bare, query=(*query, *pairs)))
    wire = Request.from_wire("POST", request.target.encode(), request.headers, b"")
    assert dict(family.verify(wire).parameters) == dict(pairs)
