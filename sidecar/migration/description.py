# SPDX-License-Identifier: Apache-2.0
"""How the records of one rule are listed, read and written back at the store itself.

    version: 1
    rule: customers
    list:
      request: GET /customers?page={page}
      page: {by: number}

That much is a report; to write, it also takes

    read: {request: "GET /customers/{id}"}
    write: {request: "PUT /customers/{id}"}

Everything there is:

    store: https://crm.internal:8443        # the store, not the proxy; default: http://, first host
    ca: store-ca.pem                        # relative to this file, as every file here
    headers: {Authorization: {file: store.token}, X-Reason: sealing}    # Content-Type if not JSON
    tenant: {value: acme}                   # or {member: org}: where a record tells its tenant
    document: _source                       # where the rule's document is in a record; default: "$"
    list:
      request: POST /query
      body: '{"statement": "… WHERE id > :last ORDER BY id LIMIT 500", "last": "{last}"}'
      records: "$.rows[*]"                  # default: where the rule finds documents in answers
      page: {by: number, first: 0}          # fills {page}; counts from 1 where nothing else is said
      page: {by: offset}                    # fills {offset}
      page: {by: last, member: id, first: '""'}       # fills {last}; misses nothing meanwhile
      page: {by: cursor, at: "$.next"}      # fills {cursor}
      page: {by: link}                      # follows Link: <…>; rel="next"
      page: {by: link, at: "$.next"}        # follows the URL that the answer has there
    read:
      request: GET /customers/{id}          # one record, by its members
      record: "$"                           # default: where the rule finds a document in answers
    write:
      request: POST /command
      body: '{"ssn": "{ssn}", "was": "{stored ssn}", "id": "{id}"}'    # default: the whole document
      changed: "$.count"                    # how many records the store says it changed
      guard: store                          # the store refuses stale writes (409, 412); or: none
    concurrency: 8                          # records at a time
    rate: 200                               # requests a second; default: as fast as it goes

Pages by number or offset may miss records while others come and go, and need an order that sealing
does not change; what is missed is left to the next sweep.

Updates that come between reading a record and writing it back are kept by one of:

    read               the record is read, and its ETag goes along as If-Match; a store that does
                       not go by it is found out at the first record
    write: changed     the statement compares `{stored …}` values, of all that it writes or of a
                       version that every update changes; where it changed nothing, it is repeated;
                       one that does not compare is found out at the first record
    write: guard: store     the request names what it is based on: `_rev` in the document, or
                       PUT /customers/_doc/{_id}?if_seq_no={_seq_no}&if_primary_term={_primary_term}

Where a store has no strong ETag, or does not go by it, the record is read a last time and compared,
and an update in the moment behind that is lost. The report counts such writes as `unguarded`.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import httpx

from sidecar.fieldpath import FieldPath
from sidecar.message import Headers
from sidecar.migration.members import ROOT
from sidecar.migration.paging import Paging
from sidecar.migration.slots import Template

type Guard = Literal["read", "changed", "store", "none"]
"""What keeps a write from overwriting one that came between: a fresh read, the count of what was
changed, the store's own refusal, or nobody who writes."""


class Tenant(NamedTuple):
    """The tenant of every record, or the member in which each tells its own."""

    value: str = ""
    member: FieldPath | None = None


class Listing(NamedTuple):
    """How records are listed."""

    request: Template
    paging: Paging
    records: FieldPath | None
    identity: str
    """Changes when pages would be others."""


class Reading(NamedTuple):
    """How one record is read."""

    request: Template
    record: FieldPath | None


class Writing(NamedTuple):
    """How one record is written back."""

    request: Template
    changed: FieldPath | None
    guard: Guard | None


@dataclass(frozen=True, slots=True)
class Description:
    """One file; `store` is None where the rule's first host is meant.

    `document` is where in a record that stands which the rule names its fields from.
    """

    rule: str
    listing: Listing
    store: httpx.URL | None = None
    ca: Path | None = None
    headers: Headers = ()
    tenant: Tenant | None = None
    document: FieldPath = ROOT
    reading: Reading | None = None
    writing: Writing | None = None
    concurrency: int = 8
    rate: float = 0.0
    where: str = field(default="", compare=False)
