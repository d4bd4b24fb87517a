# SPDX-License-Identifier: Apache-2.0
"""Fields outside of documents are held against their routes, their record, and each other."""

import re
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.rules import Documents, Field, Mode, read_rules
from sidecar.rules.fields import Place
from tests.rules.samples import FILE, field, rule, write

KEYS = {"lookup_keys": (b"edk",)}
EMAIL = field("email", Mode.EQUALITY)
PATH = field("email", Mode.EQUALITY, place=Place.PATH)


@pytest.mark.parametrize(
    ("outside", "parts", "told"),
    [
        (field("x", place=Place.HEADER), {"tenant_header": "x"}, "names the tenant"),
        (PATH, {}, "no route has a variable"),
        (field("id", Mode.EQUALITY, place=Place.PATH), {"record": "id"}, "names the record"),
        (field("email", Mode.EQUALITY, place=Place.QUERY), {"fields": (EMAIL,)}, "already"),
        (field("x", Mode.EQUALITY, name="ssn", place=Place.HEADER), {}, "one logical field"),
        (field("x", Mode.EQUALITY, place=Place.HEADER), {"lookup_keys": ()}, "needs `lookup_keys`"),
    ],
)
def test_what_cannot_stand_together_is_told(
    outside: Field, parts: dict[str, object], told: str
) -> None:
    with pytest.raises(Misconfigured, match=told):
        rule("/customers/{id}", outside=(outside,), **{**KEYS, **parts})


def test_a_name_may_stand_at_several_places_but_at_each_once() -> None:
    places = tuple(field("a", place=place) for place in (Place.HEADER, Place.COOKIE))
    assert len(rule(fields=(field("a"),), outside=places).all_fields) == 3
    with pytest.raises(Misconfigured, match="twice"):
        rule(outside=(places[0], places[0]))


def test_a_path_may_carry_a_field_that_is_sealed_there_too() -> None:
    routes = ("/customers", "/customers/by-email/{email}")
    assert rule(*routes, fields=(EMAIL,), outside=(PATH,), **KEYS).outside == (PATH,)
    with pytest.raises(Misconfigured, match="in clear"):
        rule(*routes, fields=(EMAIL,), **KEYS)


def test_a_rule_may_protect_heads_alone() -> None:
    assert rule(fields=(), outside=(field("a", place=Place.HEADER),)).fields == ()
    with pytest.raises(Misconfigured, match="protects nothing"):
        rule(fields=())


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"fields": (field("$"), field("a"))}, "overlap"),
        ({"documents": Documents(request=(field("a").path,))}, "has no `documents`"),
        ({"record": "other"}, "cannot be supplied"),
    ],
)
def test_a_whole_body_is_the_only_field_of_it(parts: dict[str, object], told: str) -> None:
    assert rule(fields=(field("$"),), record="id").fields[0].is_whole_body
    with pytest.raises(Misconfigured, match=told):
        rule(**{"fields": (field("$"),), **parts})


def test_a_file_may_name_them(tmp_path: Path) -> None:
    more = """\
    lookup_keys: [YQ==]
    headers: {X-Phone: sealed, X-Mail: {search: equality, as: email}}
    cookies: {mail: sealed}
    path: {email: {search: equality}}
    query: {mail: {search: equality, as: email}}
"""
    text = FILE.replace('"/customers/{id}"', '"/customers/{id}", "/by/{email}"')
    (found,) = read_rules(write(tmp_path, text + more)).rules
    assert [(each.label, each.name) for each in found.outside] == [
        ("header:x-phone", "header:x-phone"),
        ("header:x-mail", "email"),
        ("cookie:mail", "cookie:mail"),
        ("path:email", "email"),
        ("query:mail", "email"),
    ]
    alone = write(tmp_path, re.sub(r"    fields:\n.*", "", text, flags=re.DOTALL) + more)
    assert read_rules(alone).rules[0].fields == ()
