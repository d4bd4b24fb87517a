# SPDX-License-Identifier: Apache-2.0
"""A tenant is named exactly once, in every way in which a store may read the head."""

import pytest

from sidecar.transform.tenant import find_tenant
from tests.transform.rig import request

WANTED = b"x-tenant-id"


@pytest.mark.parametrize(
    "values", [[], [b""], [b"acme", b"acme"], [b"acme", b"globex"], [b"acme, globex"], [b"\xff"]]
)
def test_a_tenant_is_named_exactly_once(values: list[bytes]) -> None:
    lines = tuple((b"x-tenant-ID", value) for value in values)
    assert find_tenant(WANTED, request("/", "GET", None, *lines)) == ""


@pytest.mark.parametrize("name", [b"X_Tenant_Id", b"x-tenant_id", b"X-TENANT-ID"])
def test_nor_once_more_for_those_behind_cgi(name: bytes) -> None:
    assert find_tenant(WANTED, request("/", "GET", "acme", (name, b"x"))) == ""


@pytest.mark.parametrize("tenant", ["acme", "Müller & Söhne", "7"])
def test_a_tenant_may_be_any_text(tenant: str) -> None:
    more = ((b"X-Tenant", b"x"), (b"X-Tenant-Idx", b"x"))
    assert find_tenant(WANTED, request("/", "GET", tenant, *more)) == tenant
