# SPDX-License-Identifier: Apache-2.0
"""Rules to start from: as values, and as the text of a file."""

from pathlib import Path

from sidecar.fieldpath import FieldPath
from sidecar.keys import CmkRef
from sidecar.rules import Field, Mode, Place, Plan, Route, Rule, RuleSet, Store, compile_rules

HOST = "crm.internal:8080"

FILE = """\
version: 1
rules:
  - name: customers
    store: {name: crm, kind: rest, hosts: ["crm.internal:8080"]}
    routes: ["/customers", "/customers/{id}"]
    cmk: alias/customers
    tenant: {header: X-Tenant-Id}
    record: id
    fields:
      ssn: sealed
"""


def write(folder: Path, text: str = FILE, name: str = "rules.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def field(path: str, mode: Mode = Mode.SEALED, **options: object) -> Field:
    parts = {"name": path, "path": _path(path, options), "mode": mode, **options}
    return Field(**parts)  # type: ignore[arg-type]


def _path(path: str, options: dict[str, object]) -> FieldPath:
    in_body = options.get("place", Place.BODY) is Place.BODY
    return FieldPath.parse(path) if in_body else FieldPath((path,))


def rule(*routes: str, **parts: object) -> Rule:
    """A valid rule, but for what `parts` changes."""
    values = {
        "name": "customers",
        "store": Store("crm", "rest", (HOST,)),
        "routes": tuple(Route.parse(text) for text in routes or ("/customers/{id}",)),
        "cmk": CmkRef("alias/customers"),
        "fields": (field("ssn"),),
        **parts,
    }
    return Rule(**values)  # type: ignore[arg-type]


def plan(*rules: Rule) -> Plan:
    return compile_rules(RuleSet(rules))
