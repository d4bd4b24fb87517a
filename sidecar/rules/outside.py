# SPDX-License-Identifier: Apache-2.0
"""What cannot stand together of the fields that are outside of documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sidecar.errors import Misconfigured
from sidecar.rules.faults import fault
from sidecar.rules.fields import Field, Mode, Place

if TYPE_CHECKING:
    from sidecar.rules.model import Rule


def names_of(rule: Rule, place: Place) -> set[str]:
    """The names that a rule designates at one place outside of documents."""
    return {_name(item) for item in rule.outside if item.place is place}


def faults_of_outside(rule: Rule) -> Iterator[Misconfigured]:
    """What is wrong with them in the company of the rest of their rule."""
    variables = {name for route in rule.routes for name, _ in route.variables}
    searched = {str(item.path) for item in rule.fields if item.mode is Mode.EQUALITY}
    for item in rule.outside:
        name = _name(item)
        if item.place is Place.HEADER and name == rule.tenant_header:
            yield fault(item.where, f"{name!r} names the tenant, so it stays readable")
        if item.place is Place.PATH and name not in variables:
            yield fault(item.where, f"no route has a variable {name!r}")
        if item.place is Place.PATH and name == rule.record:
            yield fault(item.where, f"{name!r} names the record, so it stays readable")
        if item.place is Place.QUERY and name in searched:
            yield fault(item.where, f"{name!r} is searched for already, as the field of that name")


def _name(item: Field) -> str:
    return str(item.path.steps[0])
