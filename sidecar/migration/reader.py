# SPDX-License-Identifier: Apache-2.0
"""Descriptions read from their files, strictly; `description` tells what stands there.

Every complaint is Misconfigured with file, line and column. Whether a description suits its rule is
for `binding` to say.
"""

from pathlib import Path

import httpx

from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.message import Headers
from sidecar.migration.description import (
    Description,
    Guard,
    Listing,
    Reading,
    Tenant,
    Writing,
)
from sidecar.migration.members import ROOT
from sidecar.migration.paging import (
    ByCursor,
    ByLast,
    ByLink,
    ByNumber,
    ByOffset,
    OnePage,
    Paging,
)
from sidecar.migration.slots import Template
from sidecar.private_file import read_private
from sidecar.strict_yaml import Entry, read

MOST_AT_ONCE = 256
MOST_A_SECOND = 100_000


def read_description(path: Path) -> Description:
    """Read `path` whole."""
    document = read(path)
    folder = path.resolve().parent
    document.get("version").one_of(("1",))
    place = document.optional("document", _path, ROOT)
    description = Description(
        rule=document.get("rule").text(),
        listing=_listing(document.get("list")),
        store=document.optional("store", _store, None),
        ca=document.optional("ca", lambda entry: folder / entry.text(), None),
        headers=document.optional("headers", lambda entry: _headers(entry, folder), ()),
        tenant=document.optional("tenant", _tenant, None),
        document=place,
        reading=document.optional("read", _reading, None),
        writing=document.optional("write", lambda entry: _writing(entry, place), None),
        concurrency=document.optional("concurrency", lambda e: e.integer(1, MOST_AT_ONCE), 8),
        rate=document.optional("rate", lambda e: float(e.integer(1, MOST_A_SECOND)), 0.0),
        where=str(path),
    )
    document.finish()
    return description


def _store(entry: Entry) -> httpx.URL:
    try:
        url = httpx.URL(entry.text())
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host or url.raw_path != b"/":
        raise entry.error("expected http://HOST:PORT or https://HOST:PORT, without a path")
    return url


def _headers(entry: Entry, folder: Path) -> Headers:
    return tuple((name.name().encode(), _header(value, folder)) for name, value in entry.entries())


def _header(entry: Entry, folder: Path) -> bytes:
    if not entry.is_mapping:
        return entry.text().encode()
    file = entry.get("file")
    try:
        content = read_private(folder / file.text()).strip()
    except Misconfigured as error:
        raise file.error(error.why) from None
    entry.finish()
    return content


def _tenant(entry: Entry) -> Tenant:
    tenant = Tenant(entry.optional("value", Entry.text, ""), entry.optional("member", _path, None))
    entry.finish()
    if bool(tenant.value) == bool(tenant.member):
        raise entry.error("a tenant is either a `value` or a `member`")
    return tenant


def _listing(entry: Entry) -> Listing:
    request, identity = _template(entry)
    page = entry.find("page")
    paging = _paging(page) if page else OnePage()
    listing = Listing(request, paging, entry.optional("records", _path, None), identity)
    entry.finish()
    needed = {slot.name for slot in request.slots}
    if needed != paging.words:
        slots = ", ".join(f"{{{word}}}" for word in sorted(paging.words)) or "no slot"
        raise entry.error(f"this listing takes {slots} in its request or body, and nothing else")
    return listing


def _paging(entry: Entry) -> Paging:
    way = entry.get("by").one_of(("number", "offset", "last", "cursor", "link"))
    paging: Paging
    if way == "number":
        paging = ByNumber(b"%d" % entry.optional("first", lambda e: e.integer(0, 1), 1))
    elif way == "offset":
        paging = ByOffset(b"%d" % entry.optional("first", lambda e: e.integer(0, 1), 0))
    elif way == "last":
        first = entry.optional("first", lambda found: found.text().encode(), b"null")
        paging = ByLast(_path(entry.get("member")), first=first)
    elif way == "cursor":
        paging = ByCursor(_path(entry.get("at")))
    else:
        paging = ByLink(entry.optional("at", _path, None))
    entry.finish()
    return paging


def _reading(entry: Entry) -> Reading:
    reading = Reading(_template(entry)[0], entry.optional("record", _path, None))
    entry.finish()
    return reading


def _writing(entry: Entry, document: FieldPath) -> Writing:
    writing = Writing(
        _template(entry, f'"{{{document}}}"')[0],
        entry.optional("changed", _path, None),
        entry.optional("guard", _guard, None),
    )
    entry.finish()
    return writing


def _guard(entry: Entry) -> Guard:
    return "store" if entry.one_of(("store", "none")) == "store" else "none"


def _template(entry: Entry, default: str | None = None) -> tuple[Template, str]:
    request, body = entry.get("request"), entry.find("body")
    text = default if body is None else body.text()
    try:
        return Template(request.text(), text), f"{request.text()}\n{text}"
    except Misconfigured as error:
        raise (body or request).error(error.why) from None


def _path(entry: Entry) -> FieldPath:
    try:
        return FieldPath.parse(entry.text())
    except Misconfigured as error:
        raise entry.error(error.why) from None
