# SPDX-License-Identifier: Apache-2.0
"""Records that hold their document inside, beside the version that keeps updates."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.rules import Documents, Phase, Store
from tests.migration.rig import Rig
from tests.migration.search_index import SearchIndex
from tests.rules import samples

HITS = """\
version: 1
rule: customers
document: _source
list:
  request: POST /customers/_search
  body: '{"search_after": ["{last}"]}'
  page: {by: last, member: _id, first: '""'}
read: {request: "GET /customers/_doc/{_id}"}
write:
  request: "PUT /customers/_doc/{_id}?if_seq_no={_seq_no}&if_primary_term={_primary_term}"
  guard: store
"""
PLACES = tuple(samples.field(path).path for path in ("_source", "hits.hits[*]._source"))


def index(count: int = 12) -> SearchIndex:
    return SearchIndex({f"{at:02}": {"org": "acme", "ssn": f"CANARY-{at}"} for at in range(count)})


def rig_before(authority: str, folder: Path, **parts: object) -> Rig:
    rig = Rig(None, authority, folder)  # type: ignore[arg-type]  # another store than the shop
    places = Documents(Documents().request, PLACES)
    rig.rule = samples.rule(
        "/customers/_search",
        "/customers/_doc/{id}",
        **{
            "store": Store("es", "rest", (authority,)),
            "documents": places,
            "tenant_header": "x-tenant-id",
            "phase": Phase.MIGRATE,
            **parts,
        },
    )
    return rig


async def test_documents_are_sealed_where_they_stand(tmp_path: Path) -> None:
    store = index()
    async with store.open() as authority:
        rig = rig_before(authority, tmp_path)
        report = await rig.run(HITS + "tenant: {member: _source.org}\n")
        assert report.passed
        assert report.tally.outcomes == {"written": 12}
        assert report.coverage is not None
        assert report.coverage.table() == {"ssn": {"sealed": 12, "null": 0, "unsealed": 0}}
        assert all(each["ssn"].startswith("enc:1:") for each in store.documents.values())
        assert {frozenset(each) for each in store.documents.values()} == {frozenset({"org", "ssn"})}
        await rig.keyring.aclose()


async def test_a_version_beside_the_document_keeps_what_came_between(tmp_path: Path) -> None:
    store = index(1)
    changed = {"org": "acme", "ssn": "CANARY-new", "city": "Paris"}
    store.before_write = lambda: store.write("00", changed)
    async with store.open() as authority:
        rig = rig_before(authority, tmp_path)
        assert (await rig.run(HITS + "tenant: {value: acme}\n")).passed
        assert store.documents["00"]["city"] == "Paris"
        sealed = store.documents["00"]["ssn"]
        body = b'{"_source":{"ssn":"%b"}}' % sealed.encode()
        collection = rig.collection(HITS + "tenant: {value: acme}\n")
        assert b"CANARY-new" in await collection.records.open(body, "acme")
        await rig.keyring.aclose()


def test_places_are_those_of_the_rule_without_the_document(tmp_path: Path) -> None:
    collection = rig_before("crm:80", tmp_path).collection(HITS + "tenant: {value: acme}\n")
    assert str(collection.listed_at) == "hits.hits[*]"
    assert str(collection.read_at) == "$"


def test_a_protected_field_is_known_inside_the_document(tmp_path: Path) -> None:
    text = HITS.replace("_doc/{_id}", "_doc/{_source.ssn}") + "tenant: {value: acme}\n"
    with pytest.raises(Misconfigured, match=r"'_source\.ssn' is a protected field"):
        rig_before("crm:80", tmp_path).collection(text)
