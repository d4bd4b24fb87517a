# SPDX-License-Identifier: Apache-2.0
"""What a merge patch removes stays removed, and what it would merge into a sealed value is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.codecs import Reading, Shape, build_shape
from sidecar.codecs.json import CODEC as JSON
from sidecar.codecs.merge_patch import CODEC
from sidecar.errors import Malformed
from sidecar.fieldpath import FieldPath

PATHS = ("ssn", "address.zip", "cards[*].no", "notes", "tags[*]")


def shape(*paths: str, documents: tuple[str, ...] = ("$", "$[*]"), wary: bool = True) -> Shape[str]:
    return build_shape(
        [FieldPath.parse(start) for start in documents],
        [(FieldPath.parse(path), path) for path in paths or PATHS],
        wary=wary,
    )


def read(content: object, where: Shape[str] | None = None) -> Reading[str]:
    return CODEC.read(json.dumps(content).encode(), where or shape())


def found(reading: Reading[str]) -> list[tuple[str, bytes, int]]:
    return [(site.tag, site.lexeme, site.document) for site in reading.sites]


def test_values_are_found_and_replaced_where_they_stand() -> None:
    body = b' {"ssn" : "1", "n":1.10, "address": {"zip":2}, "notes":[1, null]}\n'
    reading = CODEC.read(body, shape())
    assert found(reading) == [
        ("ssn", b'"1"', 0),
        ("notes", b"[1, null]", 0),
        ("address.zip", b"2", 0),
    ]
    assert reading.render() is body
    changed = reading.render([(site, b"0") for site in reading.sites])
    assert changed == b' {"ssn":0,"n":1.10,"address":{"zip":0},"notes":0}\n'


@pytest.mark.parametrize(
    "patch", [{"ssn": None}, {"address": None}, {"address": {"zip": None}}, {"cards": None}, None]
)
def test_what_is_removed_is_no_site(patch: object) -> None:
    reading = read(patch)
    assert (reading.sites, reading.misfits) == ([], [])


def test_null_in_a_list_is_a_value() -> None:
    assert found(read({"cards": [{"no": None}], "tags": [None, "a"]})) == [
        ("cards[*].no", b"null", 0), ("tags[*]", b"null", 0), ("tags[*]", b'"a"', 0),
    ]  # fmt: skip
    assert found(read([{"ssn": None}])) == [("ssn", b"null", 1)]


@pytest.mark.parametrize("patch", [{"notes": {"a": 1}}, {"notes": {}}, {"ssn": {"a": None}}])
def test_an_object_is_not_merged_into_a_sealed_value(patch: dict[str, object]) -> None:
    reading = read(patch)
    assert [misfit.path for misfit in reading.misfits] == [*patch]
    assert reading.sites == []


def test_an_object_in_a_list_is_a_value() -> None:
    assert found(read({"tags": [{"a": None}]})) == [("tags[*]", b'{"a": null}', 0)]
    assert found(read([{"notes": {"a": None}}])) == [("notes", b'{"a": null}', 1)]


@pytest.mark.parametrize("patch", [{"SSN": 1}, {"address.zip": 1}, {"cards": [{"No": 1}]}])
def test_names_that_look_alike_are_refused_in_requests(patch: object) -> None:
    with pytest.raises(Malformed, match="spelling"):
        read(patch)
    assert read(patch, shape(wary=False)).sites == []


def test_documents_and_what_leads_nowhere_are_those_of_json() -> None:
    body = b'{"rows":[{"ssn":1},{"ssn":2}],"head":7}'
    where = shape("ssn", documents=("$.rows[*]", "$.head"))
    merged, plain = CODEC.read(body, where), JSON.read(body, where)
    assert found(merged) == found(plain)
    assert (merged.documents, merged.elements) == (plain.documents, plain.elements)
    assert merged.misfits == plain.misfits != []


def test_texts_that_claim_to_be_envelopes_are_counted() -> None:
    assert read({"ssn": "enc:1:x", "name": ["enc:1:y", "no enc:1:z"]}).claims == 2


SCALARS = st.sampled_from(["x", 1, None, [1, None], {"a": None}])
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "ssn": SCALARS,
        "notes": SCALARS,
        "name": SCALARS,
        "address": st.none() | st.fixed_dictionaries({}, optional={"zip": SCALARS, "n": SCALARS}),
        "cards": st.none() | st.lists(st.fixed_dictionaries({}, optional={"no": SCALARS})),
    },
)


@given(stored=DOCUMENTS, patch=DOCUMENTS)
def test_a_sealed_patch_of_a_sealed_document_leaves_it_sealed_and_removes_the_same(
    stored: dict[str, Any], patch: dict[str, Any]
) -> None:
    where = shape("ssn", "notes", "address.zip", "cards[*].no", documents=("$",))
    reading = read(patch, where)
    if reading.misfits:
        return
    sealed = json.loads(seal(JSON.read(json.dumps(merge({}, stored)).encode(), where)))
    result = merge(sealed, json.loads(seal(reading)))
    plain = merge(merge({}, stored), patch)
    again = JSON.read(json.dumps(result).encode(), where)
    assert {site.lexeme for site in again.sites} <= {b'"SEALED"'}
    expected = JSON.read(json.dumps(plain).encode(), where)
    assert [site.tag for site in again.sites] == [site.tag for site in expected.sites]


def seal(reading: Reading[str]) -> bytes:
    return reading.render([(site, b'"SEALED"') for site in reading.sites])


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396 section 2, word by word."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result
