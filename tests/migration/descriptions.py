# SPDX-License-Identifier: Apache-2.0
"""Descriptions as text, read from a file."""

from pathlib import Path

from sidecar.migration import read_description
from sidecar.migration.description import Description


def described(tmp_path: Path, text: str) -> Description:
    path = tmp_path / "customers.yaml"
    path.write_text(text)
    return read_description(path)


def listed(page: str, request: str = "GET /c") -> str:
    return f"version: 1\nrule: customers\nlist: {{request: '{request}', page: {{{page}}}}}\n"


WHOLE = """\
version: 1
rule: customers
store: https://crm.internal:8443
ca: store-ca.pem
headers: {X-Reason: sealing}
tenant: {value: acme}
list:
  request: POST /query
  body: '{"last": "{last}"}'
  records: "$.rows[*]"
  page: {by: last, member: id, first: '""'}
document: data
read: {request: "GET /customers/{id}", record: "$.found"}
write:
  request: POST /command
  body: '{"ssn": "{ssn}", "was": "{stored ssn}", "id": "{id}"}'
  changed: "$.count"
concurrency: 3
rate: 200
"""
