# SPDX-License-Identifier: Apache-2.0
"""Descriptions are read strictly."""

from pathlib import Path

import httpx
import pytest

from sidecar.errors import Misconfigured
from sidecar.migration.description import Tenant
from sidecar.migration.paging import ByCursor, ByLast, ByLink, ByNumber, ByOffset, OnePage
from sidecar.migration.slots import Slot
from sidecar.rules import Documents
from tests.migration.descriptions import WHOLE, described, listed
from tests.migration.rig import SIMPLE
from tests.rules import samples


def test_everything_there_is(tmp_path: Path) -> None:
    found = described(tmp_path, WHOLE)
    assert found.store == httpx.URL("https://crm.internal:8443")
    assert found.ca == tmp_path / "store-ca.pem"
    assert found.headers == ((b"X-Reason", b"sealing"),)
    assert found.tenant == Tenant("acme")
    assert found.listing.paging == ByLast(samples.field("id").path, b'""')
    assert found.listing.records == samples.field("rows").path / Documents().request[1]
    assert found.writing is not None
    assert found.writing.request.slots == {Slot("ssn"), Slot("ssn", is_stored=True), Slot("id")}
    assert (str(found.document), found.concurrency, found.rate) == ("data", 3, 200)


@pytest.mark.parametrize(
    ("page", "request_line", "paging"),
    [
        ("by: number", "GET /c?p={page}", ByNumber()),
        ("by: number, first: 0", "GET /c?p={page}", ByNumber(b"0")),
        ("by: offset", "GET /c?o={offset}", ByOffset()),
        ("by: cursor, at: next", "GET /c?c={cursor}", ByCursor(samples.field("next").path)),
    ],
)
def test_ways_to_list(tmp_path: Path, page: str, request_line: str, paging: object) -> None:
    assert described(tmp_path, listed(page, request_line)).listing.paging == paging


def test_links_and_one_page_take_no_slot(tmp_path: Path) -> None:
    assert described(tmp_path, listed("by: link")).listing.paging == ByLink()
    found = described(tmp_path, listed("by: link, at: next"))
    assert found.listing.paging == ByLink(samples.field("next").path)
    text = "version: 1\nrule: customers\nlist: {request: 'GET /c'}\n"
    assert isinstance(described(tmp_path, text).listing.paging, OnePage)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SIMPLE.replace("version: 1", "version: 2"), "customers.yaml:1:10: '2' is not a word here"),
        (SIMPLE.replace("list:", "lists:"), "'list' is missing; is it meant by 'lists'"),
        (SIMPLE + "retries: 3\n", "unknown key 'retries'"),
        (SIMPLE.replace("{page}", "1"), "this listing takes {page}"),
        (listed("by: number", "GET /c?p={page}&o={offset}"), "takes {page} in its request"),
        (listed("by: link", "GET /c?p={page}"), "takes no slot"),
        (listed("by: pages"), "'pages' is not a word here"),
        (listed("by: cursor", "GET /c?c={cursor}"), "'at' is missing"),
        (SIMPLE + "store: crm.internal:8080\n", "expected http://HOST:PORT"),
        (SIMPLE + "store: http://crm.internal/api\n", "without a path"),
        (SIMPLE + "tenant: {value: a, member: b}\n", "either a `value` or a `member`"),
        (SIMPLE + "tenant: {}\n", "either a `value` or a `member`"),
        (SIMPLE + "headers: {Authorization: {file: none}}\n", "cannot be read"),
        (SIMPLE.replace("PUT /customers", "PUT customers"), "expected a request"),
        (SIMPLE + "concurrency: 0\n", "from 1 to 256"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(Misconfigured) as error:
        described(tmp_path, text)
    assert why in error.value.why
    assert "customers.yaml" in error.value.why


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("Bearer x")
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 600"):
        described(tmp_path, SIMPLE + "headers: {Authorization: {file: token}}\n")
