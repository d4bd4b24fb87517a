# SPDX-License-Identifier: Apache-2.0
"""Whatever rule the reader takes, every tool can speak of: nothing fails on an odd one."""

import json
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

from sidecar.backends import BACKENDS
from sidecar.errors import Misconfigured
from sidecar.rules import (
    RuleFile,
    RuleSet,
    compare,
    compile_rules,
    explain,
    explain_binding,
    lint,
    parse_rules,
)

SEARCHED = st.sampled_from(
    [{"search": "equality"}, {"search": "equality", "normalize": ["trim", "lower"], "as": "mail"}]
)
TEXTS = SEARCHED | st.sampled_from(
    ["sealed", {"format": "digits", "keep_last": 4}, {"mask": {"last": 4}}, {"mask": "hash"}]
)
VALUES = TEXTS | st.sampled_from(
    [{"seal": "json"}, {"seal": "json", "mask": "hidden"}, {"null": "seal"}]
)
PATHS = st.sampled_from(["ssn", "email", "a.b", "c[*].b", "['a b']", "limit", "gender", "a['x']"])
ROUTES = st.sampled_from(["/c", "/c/{id}", "POST /c/{id}/{at}", "GET|PUT /sql", "/{id}/**"])


def few(
    names: st.SearchStrategy[str], options: st.SearchStrategy[object]
) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(names, options, min_size=1, max_size=2)


BASE = {
    "name": st.just("customers"),
    "store": st.just({"name": "crm", "kind": "rest", "hosts": ["crm:1"]}),
    "routes": st.lists(ROUTES, min_size=1, max_size=3, unique=True),
    "cmk": st.sampled_from(["alias/a", {"seal": "alias/a", "open": ["alias/b"]}]),
    "lookup_keys": st.just(["QUFB"]),
}
MORE = {
    "headers": few(st.just("x-phone"), TEXTS),
    "cookies": few(st.sampled_from(["mail", "m"]), TEXTS),
    "query": few(st.sampled_from(["q", "m"]), SEARCHED),
    "tenant": st.just({"header": "x-tenant"}),
    "record": st.sampled_from(["id", "owner.id"]),
    "phase": st.sampled_from(["monitor", "enforce"]),
    "suite": st.just("sm4-gcm-sm3"),
}
OF_DOCUMENTS = {
    "documents": st.sampled_from([{"request": ["$.data"]}, {"response": ["$.rows[*]"]}]),
    "require": st.sampled_from([{"$.q": ".*"}, {"$.q": "([a-z]+)*"}]),
}
FIELDS = {"fields": few(PATHS, VALUES)}
RULES = st.fixed_dictionaries(BASE | FIELDS, optional=MORE | OF_DOCUMENTS)
WHOLE = st.fixed_dictionaries(BASE | {"fields": st.just({"$": "sealed"})}, optional=MORE)


def read(*rules: object) -> RuleSet:
    text = json.dumps({"version": "1", "rules": rules})
    return parse_rules((RuleFile(Path("rules.yaml"), text.encode()),))


def find(rule: object) -> RuleSet | None:
    try:
        return read(rule)
    except Misconfigured:
        return None


@given(RULES | WHOLE, RULES | WHOLE)
def test_every_tool_can_speak_of_every_rule(one: object, other: object) -> None:
    rule_set, changed = find(one), find(other)
    assume(rule_set is not None and changed is not None)
    assert rule_set is not None
    assert changed is not None
    for rule in rule_set.rules:
        assert json.dumps(explain(rule))
        assert explain_binding(rule)
        assert BACKENDS[rule.store.kind].bind(rule)
    assert all(advice.why for advice in lint(rule_set))
    assert compile_rules(rule_set).digest == rule_set.digest
    assert compare(rule_set, rule_set) == []
    assert all(change.why for change in compare(rule_set, changed))
