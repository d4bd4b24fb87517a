# SPDX-License-Identifier: Apache-2.0
"""The pages of a collection, as the store lists them."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from sidecar.errors import Malformed, Misconfigured
from sidecar.message import Headers
from sidecar.migration.collection import Collection
from sidecar.migration.members import values_at
from sidecar.migration.paging import Listed
from sidecar.migration.slots import Filled

_OK = 200


class Page(NamedTuple):
    """Some records, and where the next page begins; None where this is the last."""

    records: list[bytes]
    following: bytes | None

    def __repr__(self) -> str:
        return f"<Page of {len(self.records)} records>"


async def pages(collection: Collection, token: bytes | None = None) -> AsyncIterator[Page]:
    """Page after page, from where `token` says on.

    Raises:
        StoreUnavailable: The store is away, or in trouble that lasts.
        Misconfigured: What it answers is no listing of records.
    """
    listing = collection.description.listing
    at = listing.paging.first if token is None else token
    while True:
        records, headers, body = await _ask(collection, at)
        following = listing.paging.following(at, Listed(headers, body, records))
        if following == at and records:
            raise Misconfigured(f"{_where(collection)}: the listing does not go on: the same page")
        yield Page(records, following)
        if following in {None, at}:  # some stores repeat the cursor of the last page
            return
        at = following


async def _ask(collection: Collection, token: bytes) -> tuple[list[bytes], Headers, bytes]:
    paging = collection.description.listing.paging
    request = collection.description.listing.request.fill(paging.values(token))
    if (link := paging.target(token)) is not None:
        request = Filled(
            request.method, collection.store.same_origin(link, request.target), request.body
        )
    tenant = collection.description.tenant
    headers = collection.tenant_headers(tenant.value if tenant else "")
    answer = await collection.store.read(request, headers)
    if answer.status != _OK:
        raise Misconfigured(f"{_where(collection)}: the store answers {answer.status} to it")
    try:
        records = values_at(answer.body, collection.listed_at)
    except Malformed as error:
        raise Misconfigured(f"{_where(collection)}: {error.why}") from None
    if not all(record.startswith(b"{") for record in records):
        path = str(collection.listed_at)
        raise Misconfigured(f"{_where(collection)}: what stands at {path!r} are no records")
    return records, answer.headers, answer.body


def _where(collection: Collection) -> str:
    return f"{collection.description.where}: `list`"
